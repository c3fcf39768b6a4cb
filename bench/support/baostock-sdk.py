"""Asks for daily bars with BaoStock's own Python client: what bench/baostock.ts compares with.

    python baostock-sdk.py HOST PORT CALLS_FILE texts|numbers

CALLS_FILE: [["symbol", "sh.600000", "2019-01-01", "2026-11-20"], ["date", "2026-11-20"], ...]
Prints {"rows": ..., "seconds": ..., "cpu": ...}, without the start of Python and the login. `texts`: rows as the client gives
them, lists of texts, in the loop of its own examples; `numbers`: a DataFrame of each answer with its numbers as numbers, which
is what people make of them. pandas.to_numeric takes as long as astype(float), or as float() of each text.
"""
import contextlib
import io
import json
import sys
import time

import baostock as bs
import baostock.common.contants as cons
import pandas as pd

host, port, calls_file, form = sys.argv[1:5]
cons.BAOSTOCK_SERVER_IP = host
cons.BAOSTOCK_SERVER_PORT = int(port)
FIELDS = (
    "date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,"
    "tradestatus,pctChg,peTTM,pbMRQ,psTTM,pcfNcfTTM,isST"
)
NUMBERS = [name for name in FIELDS.split(",") if name not in ("date", "code")]


def ask(call):
    if call[0] == "date":
        return bs.query_daily_history_k_AStock(date=call[1])
    _, code, start, end = call
    return bs.query_history_k_data_plus(
        code, FIELDS, start_date=start, end_date=end, frequency="d", adjustflag="3"
    )


with open(calls_file) as file:
    calls = json.load(file)
with contextlib.redirect_stdout(io.StringIO()):
    login = bs.login()
if login.error_code != "0":
    raise SystemExit(f"login: {login.error_code} {login.error_msg}")
rows = 0
started = time.perf_counter()
cpu = time.process_time()
for call in calls:
    answer = ask(call)
    if answer.error_code != "0":
        raise SystemExit(f"{call}: {answer.error_code} {answer.error_msg}")
    held = []
    while answer.next():
        held.append(answer.get_row_data())
    if form == "numbers" and held:
        frame = pd.DataFrame(held, columns=answer.fields)
        frame[NUMBERS] = frame[NUMBERS].apply(pd.to_numeric)
    rows += len(held)
seconds = time.perf_counter() - started
cpu = time.process_time() - cpu
with contextlib.redirect_stdout(io.StringIO()):
    bs.logout()
print(json.dumps({"rows": rows, "seconds": seconds, "cpu": cpu}))
