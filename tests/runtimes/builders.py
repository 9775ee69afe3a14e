from lambdasim.core.values import FunctionSpec


def function(*, handler: str = "app.handler", runtime: str = "python", **environment: str) -> FunctionSpec:
    return FunctionSpec(function_name="hello", handler=handler, runtime=runtime, environment=environment)
