"""What can go wrong at an exchange, and with what is held there.

    fault bybit reset                       a fault of the paper exchange (docs/paper_exchange.md); a value, path=TEXT
    mend bybit reset                        and its end
    bot holds okx BTC/USDT short 4.5        what the bot believes to have there: the open leg of a derivative, or `long` of an asset
    certificate 10                          the exchange that is asked by TLS shows one that ends in so many days
"""
import signal
import ssl
import subprocess
import urllib.parse


def fault(stack, exchange, name, *words):
    """A value with blanks is several words."""
    path = "".join(each for each in words if each.startswith("path="))
    value = " ".join(each for each in words if not each.startswith("path="))
    asked = [("value", value)] * bool(value) + [("path", path[5:])] * bool(path)
    stack.control("paper_exchange", "POST", "/%s/%s?%s" % (exchange, name, urllib.parse.urlencode(asked)))


def mend(stack, exchange, name):
    stack.control("paper_exchange", "DELETE", "/%s/%s" % (exchange, name))


def bot_holds(stack, exchange, symbol, side, quantity):
    """Its table of positions has one row for each of them; all is one statement, so that nobody reads half of it."""
    market = "derivative" if "/" in symbol else "spot"
    stack.psql("postgres", "UPDATE public.positions SET side = '%s', quantity = %s WHERE exchange = '%s' AND symbol = '%s' "
               "AND market = '%s'" % (side, quantity, exchange, symbol, market))


def certificate(stack, days):
    """Signed by the stack's own, which exchange_health and preflight trust, so that nothing but its end is wrong.

    They begin anew, without the connections that nginx closes when it takes the certificate."""
    leaf, request = stack.directory / "leaf.pem", stack.directory / "leaf.csr"
    subprocess.run(["openssl", "req", "-new", "-key", stack.certificate_key, "-subj", "/CN=exchange", "-out", request],
                   check=True, capture_output=True)
    subprocess.run(["openssl", "x509", "-req", "-in", request, "-CA", stack.certificate, "-CAkey", stack.certificate_key, "-set_serial", "2",
                    "-days", days, "-extfile", "/dev/stdin", "-out", leaf], check=True, capture_output=True,
                   input=b"subjectAltName=IP:0.0.0.0,IP:127.0.0.1")
    settings = stack.directory / "nginx.conf"
    settings.write_text(settings.read_text().replace("ssl_certificate %s;" % stack.certificate, "ssl_certificate %s;" % leaf))
    stack.stop_part("preflight")
    stack.stop_part("exchange_health")
    stack.processes["front"].send_signal(signal.SIGHUP)
    expected = ssl.PEM_cert_to_DER_cert(leaf.read_text())
    stack.wait(10, lambda: ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", stack.ports["front"]))) == expected)
    stack.start_part("exchange_health")
    stack.start_part("preflight")
