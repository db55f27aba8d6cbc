"""rewrite.py LISTEN-PORT PORT PATH FILE: hands requests on to 127.0.0.1:PORT, and for those whose path has PATH in it
replaces in the answer what FILE says: a JSON list of two texts, what stands there and what is to."""
import http.client
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

listen, port, path, file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        if path in self.path:
            there, instead = json.load(open(file))
            if there.encode() not in content:
                sys.exit(f"{there} is not in {content}")
            content = content.replace(there.encode(), instead.encode())
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_POST = do_GET

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("127.0.0.1", listen), Handler).serve_forever()
