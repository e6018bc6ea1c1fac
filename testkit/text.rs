//! Names in texts.

/// Whether `name` is one of the identifiers of a text.
pub fn mentions(text: impl AsRef<[u8]>, name: &str) -> bool {
    let is_apart = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'_';
    text.as_ref().split(is_apart).any(|word| word == name.as_bytes())
}
