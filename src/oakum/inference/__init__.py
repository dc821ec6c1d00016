"""What a bare OpenAPI document suggests: kinds of data, resources, owners, a draft contract."""
