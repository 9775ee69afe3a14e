"""Serves static files under ASGI: WhiteNoise finds them and decides on headers, we send them in one piece.

WhiteNoise answers with a file to be iterated, which Django can only read whole under ASGI, warning each time. The
largest file here is plotly.min.js with about 5 MB, which browsers then keep.
"""

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file:
                content = found.file.read()
        answer = HttpResponse(content, status=int(found.status))
        # Only what WhiteNoise says: a 304 has no content type
        del answer["Content-Type"]
        for name, value in found.headers:
            answer[name] = value
        return answer
