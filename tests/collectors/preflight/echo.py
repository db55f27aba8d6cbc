"""echo.py PORT FILE: refuse every request with a message that repeats the passphrase behind as many dots as FILE says."""
import http.server
import json
import sys


class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[2]) as file:
            dots = "." * int(file.read())
        passphrase = self.headers.get("OK-ACCESS-PASSPHRASE", "")
        body = json.dumps({"code": "50105", "msg": dots + passphrase + " " + "." * 300}).encode()
        self.send_response(401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
