"""Lists in pages: off by default, for no second page was ever recorded."""

from urllib.parse import quote, urlencode

from .messages import Request, Response

MARK = "$skiptoken"  # documented
ASSUMED = (
    "Pages, where they are switched on: a page goes on where the one before ended by number, so a list that changes"
    " between two pages leaves an object out or shows one twice; bare arrays have no pages.",
)


def paged(request: Request, response: Response, size: int) -> Response:
    """Let a list longer than `size` be answered in pages, with the next one's link on the true host; 0 is never."""
    body = response.body
    if not size or request.method != "GET" or response.status != 200 or not isinstance(body, dict):
        return response
    whole = body.get("value")
    if not isinstance(whole, list):
        return response
    start = request.query.get(MARK, "")
    begin = int(start) if start.isdecimal() and len(start) < 10 else 0
    response.body = body | {"value": whole[begin : begin + size]}
    if begin + size < len(whole):
        link = "@odata.nextLink" if "@odata.count" in body else "nextLink"
        response.body[link] = _link(request, begin + size)
    return response


def _link(request: Request, begin: int) -> str:
    query = urlencode({**request.query, MARK: str(begin)}, safe="$")
    return f"https://{request.host}{quote(request.path)}?{query}"
