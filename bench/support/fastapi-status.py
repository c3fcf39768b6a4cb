"""GET /api/sync/status as FastAPI and asyncpg would have it: what bench/http.ts measures ours against.

The same questions to the same database, the same fields in the answer. Started by uvicorn with its fast parts.
"""

import os
from datetime import timezone
from typing import Any, Optional

import asyncpg
from fastapi import FastAPI
from pydantic import BaseModel

RUN = """
select r.id, r.job, r.status, r.message, r.created_at, r.started_at, r.finished_at, r.total, r.inserted, r.updated, r.calls,
  r.cells_total, r.cells_done, r.last_trade_date,
  (select count(*)::int from sync_failure f where f.run_id = r.id and f.resolved_at is null) as errors,
  (select count(*)::int from sync_batch b where b.run_id = r.id and b.state <> 'split') as batches_total,
  (select count(*)::int from sync_batch b where b.run_id = r.id and b.state in ('done', 'skipped', 'failed')) as batches_done
from sync_run r
order by r.status in ('pending', 'running') desc, r.status in ('paused', 'waiting') desc, r.created_at desc, r.id desc
limit 1"""
STATS = """
select source, dataset, inserted::int, updated::int, unchanged::int from sync_run_source
where run_id = $1 order by 1, 2"""
ERRORS = """
select source, count(*)::int as errors from sync_failure
where run_id = $1 and resolved_at is null and source <> 'any' group by 1 order by 1"""
RATE = """
with recent as (
  select cells_done, started_at, coalesce(finished_at, clock_timestamp()) as until from sync_batch
  where run_id = $1 and started_at is not null and cells_total > 0
  order by finished_at desc nulls first limit 24
)
select (sum(cells_done) / nullif(extract(epoch from max(until) - min(started_at)), 0))::float8 as rate from recent"""


class Status(BaseModel):
    job: Optional[str]
    status: str
    started_at: Optional[str]
    finished_at: Optional[str]
    total: int
    inserted: int
    updated: int
    errors: int
    last_trade_date: Optional[str]
    data_sources_used: list[str]
    source_stats: dict[str, dict[str, int]]
    job_id: Optional[str]
    paused: bool
    percent: float
    eta_seconds: Optional[int]
    calls_used: int
    state: str
    message: Optional[str]


class Answer(BaseModel):
    success: bool
    message: str
    data: Status


app = FastAPI()
pool: asyncpg.Pool


@app.on_event("startup")
async def connect() -> None:
    global pool
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10)


def iso(value: Any) -> Optional[str]:
    return None if value is None else value.astimezone(timezone.utc).isoformat()


@app.get("/api/sync/status", response_model=Answer)
async def status() -> Answer:
    async with pool.acquire() as connection:
        run = await connection.fetchrow(RUN)
        stats = await connection.fetch(STATS, run["id"])
        errors = await connection.fetch(ERRORS, run["id"])
        rate = await connection.fetchval(RATE, run["id"])
    sources: dict[str, dict[str, int]] = {}
    for row in stats:
        found = sources.setdefault(row["source"], dict.fromkeys(("inserted", "updated", "unchanged", "errors"), 0))
        for field in ("inserted", "updated", "unchanged"):
            found[field] += row[field]
    for row in errors:
        sources.setdefault(row["source"], dict.fromkeys(("inserted", "updated", "unchanged", "errors"), 0))["errors"] = row["errors"]
    total = run["cells_total"]
    percent = 100.0 if run["status"] == "success" else (run["cells_done"] / total * 100 if total else 0.0)
    left = round((total - run["cells_done"]) / rate) if run["status"] == "running" and rate and total else None
    day = run["last_trade_date"]
    return Answer(
        success=True,
        message="Status retrieved successfully",
        data=Status(
            job=run["job"],
            status=run["status"],
            started_at=iso(run["started_at"] or run["created_at"]),
            finished_at=iso(run["finished_at"]),
            total=run["total"],
            inserted=run["inserted"],
            updated=run["updated"],
            errors=run["errors"],
            last_trade_date=None if day is None else day.strftime("%Y%m%d"),
            data_sources_used=[f"{row['dataset']}:{row['source']}" for row in stats],
            source_stats=sources,
            job_id=str(run["id"]),
            paused=run["status"] == "paused",
            percent=percent,
            eta_seconds=left,
            calls_used=run["calls"],
            state=run["status"],
            message=run["message"],
        ),
    )
