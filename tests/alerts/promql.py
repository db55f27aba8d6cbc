"""Reading PromQL, roughly: enough for the names, numbers, comparisons and matchers of an expression."""
import re

TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    |(?P<duration>\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*\b)
    |(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)
    |(?P<word>[A-Za-z_:][\w:]*)
    |(?P<operator>=~|!~|!=|==|<=|>=|[-+*/%^<>=@(){}\[\],])""", re.X)
KEYWORDS = set("by without on ignoring group_left group_right offset bool and or unless atan2 inf nan start end".split())
AGGREGATIONS = set("sum min max avg count group stddev stdvar topk bottomk quantile count_values".split())
LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
COMPARISONS = {"==", "!=", "<", ">", "<=", ">="}


class Token:
    def __init__(self, match):
        self.kind, self.text, self.start, self.end = match.lastgroup, match.group(), match.start(), match.end()
        self.where = ""  # "labels": in braces; "list": labels behind by, on and such; "range": in brackets


def tokens(expression):
    """Without comments; each knows where it stands."""
    found = [Token(match) for match in TOKEN.finditer(expression) if match.lastgroup != "comment"]
    where, before = "", None
    for token in found:
        if token.text in ("}", "]") or (token.text == ")" and where == "list"):
            where = ""
        token.where = where
        if token.text == "{":
            where = "labels"
        elif token.text == "[":
            where = "range"
        elif token.text == "(" and before and before.text in LISTS:
            where = "list"
        before = token
    return found


def metric_names(expression):
    found = tokens(expression)
    names = set()
    for token, after in zip(found, found[1:] + [None]):
        if token.kind == "word" and not token.where and not (after and after.text == "(" and after.kind == "operator"):
            if token.text.lower() not in KEYWORDS | AGGREGATIONS:
                names.add(token.text)
    return names


def numbers(expression):
    """(number, the token before, the one after, the one before that) of each number outside of ranges."""
    found = [None, None] + tokens(expression) + [None]
    for at, token in enumerate(found):
        if token and token.kind == "number" and not token.where:
            yield (float(token.text),) + tuple(other.text if other else "" for other in (found[at - 1], found[at + 1], found[at - 2]))


def comparisons(expression):
    return [token for token in tokens(expression) if not token.where and token.text in COMPARISONS]


def matchers(expression):
    """(the label, the operator, the value) as tokens."""
    found = tokens(expression)
    for label, operator, value in zip(found, found[1:], found[2:]):
        if value.kind == "text" and value.where == "labels" and label.kind == "word":
            yield label, operator, value


def seconds(text):
    """A duration as Prometheus writes it."""
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+)(ms|[smhdwy])", str(text)))
