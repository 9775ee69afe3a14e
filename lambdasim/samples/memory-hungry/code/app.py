"""Answers at once: whatever takes longer is the extension."""


def handler(event, context):
    return {"request_id": context.aws_request_id}
