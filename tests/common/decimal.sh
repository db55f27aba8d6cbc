#!/bin/sh
# Exact decimals against Python's, which calculate with as many digits as it takes.
# Shown: random numbers of every size, at the edges of 38 digits, of zeros and of halves of a double.
. "$(dirname "$0")/../lib.sh"

cat >"$work/oracle.py" <<'END'
import decimal, random, sys

decimal.getcontext().prec = 400
decimal.getcontext().Emax = 10 ** 6
decimal.getcontext().Emin = -10 ** 6
DIGITS, SCALE = 38, 36
chance = random.Random(4)

def number():
    kind = chance.randrange(6)
    digits = ''.join(chance.choice('0123456789') for _ in range(chance.choice((1, 2, 5, 8, 18, 19, 20, 37, 38))))
    if kind == 0:
        digits = chance.choice('12589') + '0' * chance.randrange(38)
    elif kind == 1:
        digits = '9' * chance.randrange(1, 39)
    elif kind == 2:
        digits = str(chance.choice((2, 5)) ** chance.randrange(50))
    elif kind == 3:  # just above and below the middle of two doubles
        digits = str(((2 ** 53 + chance.randrange(2 ** 53)) * 2 + 1) * 2 ** chance.randrange(20) + chance.choice((-1, 0, 1)))
    digits = digits[:DIGITS]
    scale = chance.choice((0, 0, 1, 2, 8, 18, 30, 36))
    if scale and chance.randrange(2):
        digits = digits.rjust(scale + 1, '0')
        digits = digits[:-scale] + '.' + digits[-scale:]
    elif scale:
        digits += 'e-%d' % scale
    return chance.choice(('', '-', '+')) + digits

def text(value):
    if value == 0:
        return '0'
    value = value.normalize()
    sign, digits, exponent = value.as_tuple()
    if exponent < -SCALE or len(digits) + max(exponent, 0) > DIGITS:
        return '-'
    return format(value, 'f')

def expected(what, a, b):
    if what == 'parse':
        return text(a)
    if text(a) == '-' or (b is not None and text(b) == '-'):
        return '-'
    if what == 'value':
        # fractions to doubles are rounded right by definition; -0 is 0
        from fractions import Fraction
        return float(Fraction(a)).hex()
    if what == 'compare':
        return str((a > b) - (a < b))
    return text({'add': a + b, 'subtract': a - b, 'multiply': a * b}[what])

def same(what, got, want):
    if what == 'value' and got != '-':
        return float.fromhex(got) == float.fromhex(want)
    return got == want

questions = []
for i in range(int(sys.argv[2])):
    what = ('parse', 'value', 'add', 'subtract', 'multiply', 'compare')[i % 6]
    questions.append([what, number()] + ([] if i % 6 < 2 else [number()]))
if sys.argv[1] == 'ask':
    for question in questions:
        print(' '.join(question))
else:
    wrong = refused = 0
    answers = sys.stdin.read().split('\n')[:-1]
    if len(answers) != len(questions):
        sys.exit('%d answers to %d questions' % (len(answers), len(questions)))
    for question, got in zip(questions, answers):
        a = decimal.Decimal(question[1])
        b = decimal.Decimal(question[2]) if len(question) > 2 else None
        want = expected(question[0], a, b)
        refused += want == '-'
        if not same(question[0], got, want):
            wrong += 1
            print(' '.join(question), 'is', want, 'and not', got)
    # both must have happened, or the questions are no good
    if wrong or not len(questions) / 50 < refused < len(questions) / 2:
        sys.exit('%d wrong, %d refused of %d' % (wrong, refused, len(questions)))
END

calculates_as_python_does() {
	"$PYTHON" "$work/oracle.py" ask 30000 >"$work/questions" || return 1
	"$TOOLS/decimals" <"$work/questions" >"$work/answers" || return 1
	"$PYTHON" "$work/oracle.py" judge 30000 <"$work/answers"
}

check 'what is calculated is what Python calculates, and what does not fit is refused' calculates_as_python_does
finish
