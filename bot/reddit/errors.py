"""What went wrong, as one sentence: Reddit's answers and the network's failures to RedditError."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import praw.exceptions
import prawcore
import requests

from bot.errors import RedditError
from bot.reddit.transport import TOKEN_PATH, CallCutError, PostUnansweredError

# PRAW and prawcore stumble over answers in unforeseen shapes with these
STUMBLES = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
FAILURES = (prawcore.PrawcoreException, praw.exceptions.PRAWException, *STUMBLES)

UNREACHABLE = "Reddit cannot be reached"
_BUSY = "Reddit does not work right now ({status}), so we could not {doing}"
_REFUSED = {
    400: "Reddit does not accept the request to {doing} (400{detail}); this is a fault of ours or of a name in it",
    401: "Reddit no longer accepts the login, so we could not {doing}; check that the account and its app still exist",
    403: "Reddit forbids this account to {doing} (403{detail}); check that it is a moderator with the right to do so",
    404: "Reddit knows nothing there (404{detail}), so we could not {doing}; it is missing, banned or deleted",
    451: "Reddit may not show this for legal reasons (451), so we could not {doing}",
}
_SUBREDDITS = {
    "private": "the subreddit is private and this account is no member, so we could not {doing}; invite the account",
    "banned": "the subreddit is banned, so we could not {doing}; take it out of the configuration",
    "quarantined": "the subreddit is quarantined, so we could not {doing}; opt in with the account in a browser",
    "gold_only": "the subreddit is for premium members only, so we could not {doing}",
}
_BLOCKED = (
    "Reddit's network security blocks this machine (403), so we could not {doing}; set reddit.contact, so that the "
    "User-Agent is unique, or use another network"
)


def error_of(error: Exception, last: requests.Response | None, doing: str, *, posting: bool) -> RedditError:
    """Return the RedditError for a failure of PRAW, prawcore or the network.

    `last` is the last answer received, if any; `doing` completes "could not …". For a post the error is `ambiguous`
    unless it is certain that nothing was done.
    """
    if isinstance(error, prawcore.OAuthException):
        return _login(error.error, doing)
    if isinstance(error, PostUnansweredError) and error.cause is not None:
        return _network(error.cause, doing, posting=True)
    if isinstance(error, prawcore.RequestException):
        # prawcore's own kind: a read, or the token before a post; nothing was done
        return _network(error.original_exception, doing, posting=False)
    if isinstance(error, CallCutError):
        return _network(error, doing, posting=False)
    answer = getattr(error, "response", None)
    if answer is None:
        answer = last
    if answer is None:
        what = f"Reddit's answer is not understood ({type(error).__name__})"
        return RedditError(f"{what}, so we could not {doing}", ambiguous=posting)
    return _status(answer, doing, posting=posting)


def refusal_of(answer: Any, doing: str) -> RedditError | None:
    """Return the error that Reddit states inside an answer with status 200, or None if it states none."""
    inner = answer.get("json") if isinstance(answer, Mapping) else None
    errors = inner.get("errors") if isinstance(inner, Mapping) else None
    if not isinstance(errors, list) or not errors:
        return None
    first = errors[0]
    words = [str(part) for part in first if part] if isinstance(first, list) else [str(first)]
    limited = words[0] == "RATELIMIT"
    detail = ": ".join(words[:2])
    if limited:
        return RedditError(f"Reddit refuses to {doing} ({detail})", state="limited", again="later")
    sentence = f"Reddit refuses to {doing} ({detail}); see what Reddit says about it"
    return RedditError(sentence, retry=False, state="forbidden")


def _status(answer: requests.Response, doing: str, *, posting: bool) -> RedditError:
    status = answer.status_code
    login = answer.url.partition("?")[0].endswith(TOKEN_PATH)
    if status == 429:
        wait = _seconds(answer)
        return RedditError(
            f"Reddit asks us to slow down (429), so we could not {doing}",
            retry_after=wait,
            state="limited",
            again=f"in {math.ceil(wait)} s" if wait is not None else "later",
        )
    if status >= 500 or status == 408:
        sentence = _BUSY.format(status=status, doing=doing)
        return RedditError(sentence, ambiguous=posting and not login, again="later")
    detail = _details(answer)
    if status == 403 and (not detail or "network security" in answer.text):
        return RedditError(_BLOCKED.format(doing=doing), state="blocked")
    if login and status in (400, 401):
        return _login("invalid_grant" if status == 400 else "invalid_client", doing)
    if 300 <= status < 400:
        place = answer.headers.get("location", "")
        if "/subreddits/search" in place:
            sentence = f"there is no such subreddit, so we could not {doing}; check its name"
            return RedditError(sentence, retry=False, state="missing")
        return RedditError(f"Reddit sends us elsewhere ({status}), so we could not {doing}", retry=False)
    if status < 300:
        return RedditError(
            f"Reddit answers with something that we cannot read, so we could not {doing}",
            ambiguous=posting and not login,
            again="later",
        )
    reason = str(detail.get("reason") or detail.get("message") or "")
    sentence = _SUBREDDITS.get(reason) or _REFUSED.get(status) or f"Reddit refuses to {{doing}} ({status}{{detail}})"
    return RedditError(
        sentence.format(doing=doing, detail=f": {reason}" if reason else ""),
        retry=False,
        setup=status in (401, 403),
        state=_state(status, reason),
    )


def _login(code: str, doing: str) -> RedditError:
    if code == "invalid_grant":
        advice = "check reddit.username and reddit.password, or reddit.refresh_token if you use one: it may be revoked"
    elif code in ("invalid_client", "unauthorized_client"):
        advice = "check reddit.client_id and reddit.client_secret, and that the app is of the right type"
    else:
        advice = "check the keys of [reddit]"
    sentence = f"Reddit refuses the login ({code}), so we could not {doing}; {advice}"
    return RedditError(sentence, retry=False, setup=True, state="login")


def _state(status: int, reason: str) -> str:
    if reason in ("private", "gold_only"):
        return "private"
    if reason in ("banned", "quarantined"):
        return reason
    return {401: "login", 403: "forbidden", 404: "missing"}.get(status, "unreachable")


def _network(cause: BaseException, doing: str, *, posting: bool) -> RedditError:
    if isinstance(cause, CallCutError):
        what = cause.what
    elif isinstance(cause, requests.exceptions.SSLError):
        what = "the connection to Reddit is not secure"
    elif isinstance(cause, requests.exceptions.Timeout):
        what = "Reddit does not answer in time"
    else:
        what = UNREACHABLE
    ambiguous = posting and not _never_sent(cause)
    sentence = f"{what}, so we could not {doing}"
    if ambiguous:
        return RedditError(f"{sentence}; it may have been done all the same", ambiguous=True)
    if what == UNREACHABLE:
        sentence += "; check this machine's connection to the internet too"
    return RedditError(sentence, again="later")


def _never_sent(cause: BaseException) -> bool:
    """Whether no connection came about, so that Reddit cannot have seen the request."""
    if isinstance(cause, requests.exceptions.ConnectTimeout | requests.exceptions.SSLError):
        return True
    inner = cause.args[0] if cause.args else None
    reason = getattr(inner, "reason", None)
    # urllib3's names, compared as text: it is requests' dependency, not ours
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")


def _seconds(answer: requests.Response) -> float | None:
    for name in ("retry-after", "x-ratelimit-reset"):
        try:
            wait = float(answer.headers.get(name, ""))
        except ValueError:
            continue
        if 0 <= wait < math.inf:
            return wait
    return None


def _details(answer: requests.Response) -> Mapping[str, Any]:
    """Return the JSON object of an answer, empty if it is a page or anything else."""
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, Mapping) else {}
