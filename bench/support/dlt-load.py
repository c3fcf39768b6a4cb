"""Loads the calls in a JSON file with dlt into PostgreSQL: what bench/ingest.ts compares with.

    python dlt-load.py CALLS URL TOKEN POSTGRES_URL [LOADER_FILE_FORMAT]
"""
import json
import sys
import time
import urllib.request

import dlt

calls_file, url, token, postgres = sys.argv[1:5]
file_format = sys.argv[5] if len(sys.argv) > 5 else None
FIELDS = "ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount"
CAP = 6000


def ask(params):
    body = json.dumps({"api_name": "daily", "token": token, "params": params, "fields": FIELDS}).encode()
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    if answer["code"] != 0:
        raise RuntimeError(answer["msg"])
    return answer["data"]


@dlt.resource(name="daily", write_disposition="merge", primary_key=("ts_code", "trade_date"))
def daily():
    with open(calls_file) as file:
        calls = json.load(file)
    for call in calls:
        params = {"start_date": call["from"].replace("-", ""), "end_date": call["to"].replace("-", "")}
        if call["symbols"] is not None:
            params["ts_code"] = ",".join(call["symbols"])
        offset = 0
        while True:
            data = ask({**params, "offset": offset, "limit": CAP})
            yield [dict(zip(data["fields"], item)) for item in data["items"]]
            offset += len(data["items"])
            if not data["has_more"]:
                break


started = time.monotonic()
pipeline = dlt.pipeline(
    pipeline_name="daily",
    destination=dlt.destinations.postgres(credentials=postgres),
    dataset_name="market",
)
options = {} if file_format is None else {"loader_file_format": file_format}
pipeline.run(daily(), **options)
seconds = time.monotonic() - started
rows = pipeline.last_trace.last_normalize_info.row_counts["daily"]
print(json.dumps({"version": dlt.__version__, "rows": rows, "seconds": seconds}))
