"""Structured logs: one JSON object a line on stderr, made so that personal data does not get in.

A log line carries words of ours and ids. What a person wrote, their name, their address and the paths that contain
tokens stay out: requests are logged by the name of their route, exceptions by type and place, never by message,
because messages quote the value that was wrong. `AMENDS_LOG_LEVEL` (INFO) sets what is shown; `AMENDS_PROCESS` names
the process.
"""

from __future__ import annotations

import logging
import logging.config
import os
import re
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from amends.core import metrics

FRAMES: Final = 12  # the innermost frames of an exception tell where; more only make lines long
TELLING: Final = frozenset(
    {
        "password",
        "secret",
        "token",
        "authorization",
        "cookie",
        "email",
        "name",
        "phone",
        "text",
        "subject",
        "body",
        "words",
    }
)
ADDRESS: Final = re.compile(r"[^\s<>\"']+@[^\s<>\"']+")
HIDDEN: Final = "[hidden]"

# Loggers that quote what people sent us at INFO: connections, addresses, arguments of jobs.
QUIET: Final = {
    "uvicorn.access": "CRITICAL",
    "uvicorn.error": "WARNING",
    "mail.log": "WARNING",
    "procrastinate": "WARNING",
    "django.request": "CRITICAL",  # RequestLogMiddleware says it, without the path
    "django.security": "CRITICAL",
    "django.server": "CRITICAL",
    "httpx": "WARNING",
    "asyncio": "WARNING",
}

log: structlog.stdlib.BoundLogger = structlog.get_logger("amends.request")


class CurrentStderr(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at that moment, not to what it was when logging was set up."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        """Whoever redirects stderr, a test for example, gets the logs too."""
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None: ...


def configure_logging(*, debug: bool = False) -> None:
    """Send every log of this process, ours and the libraries', through the same cleaning to stderr."""
    level = "DEBUG" if debug else os.environ.get("AMENDS_LOG_LEVEL", "INFO").upper()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        add_process,
        place_of_exception,
        hide_personal_data,
    ]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    # A library's pattern says what happened, its values say to whom: "refused %s because of %s".
                    "use_get_message": False,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
                    ],
                }
            },
            "handlers": {"stderr": {"()": CurrentStderr, "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": level if level in logging.getLevelNamesMapping() else "INFO"},
            "loggers": {name: {"level": quiet} for name, quiet in QUIET.items()},
        }
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def add_process(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Which of the processes speaks."""
    event["process"] = os.environ.get("AMENDS_PROCESS", "amends")
    event["pid"] = os.getpid()
    return event


def hide_personal_data(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The last guard: a value under a telling key is not written, nor is anything that looks like an address."""
    for key, value in event.items():
        if key in {"logger", "process", "route", "exception"}:
            continue
        if key != "event" and not key.endswith("_id") and TELLING & set(key.lower().split("_")):
            event[key] = HIDDEN
        elif isinstance(value, str) and "@" in value:
            event[key] = ADDRESS.sub(HIDDEN, value)
    return event


def place_of_exception(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Turn `exc_info` into type and place. The message is left out: it may quote what a customer wrote."""
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        event["exception"] = _described(error)
    return event


def _described(error: BaseException) -> list[str]:
    """From the cause outwards: `ValueError` and then `file:line function`, innermost last."""
    lines = _described(error.__cause__) if error.__cause__ is not None else []
    lines.append(type(error).__qualname__)
    trace: TracebackType | None = error.__traceback__
    for frame in traceback.extract_tb(trace)[-FRAMES:]:
        lines.append(f"{frame.filename}:{frame.lineno} {frame.name}")
    return lines


class RequestLogMiddleware:
    """One line and one measurement for each request: method, route, status, milliseconds. Never the path itself."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        if self.is_async:
            return self._call_async(request)
        started = time.perf_counter()
        response: HttpResponse = self.get_response(request)
        _tell(request, response, time.perf_counter() - started)
        return response

    def process_exception(self, _request: HttpRequest, exception: Exception) -> None:
        """An error that nobody answered becomes a 500: its type and place, without its words, are written here."""
        log.error("unexpected_error", exc_info=exception)

    async def _call_async(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response: HttpResponse = await self.get_response(request)
        _tell(request, response, time.perf_counter() - started)
        return response


def route_of(request: HttpRequest) -> str:
    """The pattern that matched (`cases/<str:reference>/`), `static` or `none`: never what a person typed."""
    match = request.resolver_match
    if match is not None:
        return str(match.route)
    return "static" if request.path_info.startswith("/static/") else "none"


def _tell(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    method = request.method if request.method in metrics.METHODS else "OTHER"
    route = route_of(request)
    metrics.count_request(method, route, response.status_code, seconds)
    if route in {"static", "healthz", "readyz", "metrics"} and response.status_code < 500:
        return
    level = logging.ERROR if response.status_code >= 500 else logging.INFO
    log.log(level, "request", method=method, route=route, status=response.status_code, ms=round(seconds * 1000, 1))
