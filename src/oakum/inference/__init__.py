"""What a bare OpenAPI document suggests: kinds of data, resources, owners, and the draft of a
contract."""
