import pytest

from lambdasim.aws.errors import ApiError
from lambdasim.aws.names import FunctionReference, parse

ARN = "arn:aws:lambda:us-east-1:000000000000:function:hello"


@pytest.mark.parametrize(("text", "qualifier"), [
    ("hello", None), ("hello:2", "2"), ("hello:$LATEST", "$LATEST"), ("000000000000:function:hello", None),
    ("000000000000:function:hello:2", "2"), (ARN, None), (ARN + ":2", "2"), ("function:hello", None),
])
def test_every_form_of_a_name_means_the_function(text, qualifier):
    assert parse(text, None) == FunctionReference(name="hello", qualifier=qualifier)


def test_the_qualifier_may_stand_in_the_query_or_in_both():
    assert parse("hello", "2").qualifier == "2"
    assert parse("hello:2", "2").qualifier == "2"


def test_two_different_qualifiers_are_refused():
    with pytest.raises(ApiError, match="InvalidParameterValueException: The derived qualifier"):
        parse("hello:1", "2")


@pytest.mark.parametrize("text", [
    "", "a b", "hello:", "x" * 65, "arn:aws:lambda:us-east-1:function:hello", "000000000000:hello",
    "arn:aws:sqs:us-east-1:000000000000:hello", "hello/../x", "hello\n",
])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(ApiError, match="ValidationException"):
        parse(text, None)


@pytest.mark.parametrize("text", [
    ARN.replace("us-east-1", "eu-west-1"), ARN.replace("000000000000", "123456789012"), "123456789012:function:hello",
])
def test_functions_of_other_regions_and_accounts_are_not_here(text):
    with pytest.raises(ApiError, match="ResourceNotFoundException"):
        parse(text, None)
