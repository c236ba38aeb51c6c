"""The API's reference: the OpenAPI document and two ways to read it, from our own host."""
