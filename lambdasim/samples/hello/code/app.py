"""Greets, and logs one line."""


def handler(event, context):
    name = event.get("name", "world")
    print(f"greeting {name}")
    return {"message": f"hello {name}", "function_version": context.function_version}
