"""hook.py PORT FILE [STATUS]: a receiver of webhooks: each body as one line of FILE.  Its answer names the path."""
import http.server
import sys


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[2], "ab") as file:
            file.write(body.replace(b"\n", b" ") + b"\n")
        self.send_response(int(sys.argv[3]) if len(sys.argv) > 3 else 200)
        self.end_headers()
        self.wfile.write(f"as you say at {self.path}".encode())

    def log_message(self, *arguments):
        pass


http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Hook).serve_forever()
