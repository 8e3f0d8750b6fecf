//! One path of a `google.protobuf.FieldMask`: snake_case on the wire, lowerCamelCase
//! in JSON. A path that would not come back the same is refused.

/// What a reader is told to write instead.
pub(in crate::transcode) const EXPECTED: &str = "a field mask: paths in lowerCamelCase, separated by commas, such as \"user.displayName,photo\"";

/// The paths of a mask in its JSON form.
pub(in crate::transcode) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(move |_| !text.is_empty())
}

/// Appends one path in snake_case; `false` if it has no such form.
pub(in crate::transcode) fn to_snake(path: &str, out: &mut Vec<u8>) -> bool {
    for byte in path.bytes() {
        match byte {
            b'_' => return false,
            b'A'..=b'Z' => out.extend_from_slice(&[b'_', byte.to_ascii_lowercase()]),
            _ if breaks_text(byte) => return false,
            _ => out.push(byte),
        }
    }
    !path.is_empty()
}

/// Appends one path in lowerCamelCase; `false` if it would not come back.
pub(in crate::transcode) fn to_camel(path: &str, out: &mut Vec<u8>) -> bool {
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'_' => match bytes.next() {
                Some(letter @ b'a'..=b'z') => out.push(letter.to_ascii_uppercase()),
                _ => return false,
            },
            b'A'..=b'Z' => return false,
            _ if breaks_text(byte) => return false,
            _ => out.push(byte),
        }
    }
    !path.is_empty()
}

/// A comma, a quote, a space or a control character has no place in a path and
/// would break the text around it.
fn breaks_text(byte: u8) -> bool {
    matches!(byte, b',' | b'"' | b'\\' | 0..=0x20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back() {
        for (camel, snake) in [
            ("foo", "foo"),
            ("fooBar.bazQux", "foo_bar.baz_qux"),
            ("a1B", "a1_b"),
            ("*", "*"),
        ] {
            let (mut to, mut back) = (Vec::new(), Vec::new());
            assert!(to_snake(camel, &mut to) && to_camel(snake, &mut back));
            assert_eq!((to, back), (snake.into(), camel.into()));
        }
    }

    #[test]
    fn paths_that_would_not_come_back_are_refused() {
        for path in ["foo_bar", "", "a b", "a\"b", "a\\", "a\u{b}"] {
            assert!(!to_snake(path, &mut Vec::new()), "{path}");
        }
        for path in [
            "fooBar",
            "foo_3_bar",
            "foo__bar",
            "foo_",
            "foo_Bar",
            "",
            "a,b",
            "a\"b",
        ] {
            assert!(!to_camel(path, &mut Vec::new()), "{path}");
        }
    }

    #[test]
    fn an_empty_mask_has_no_paths() {
        assert_eq!(split("").count(), 0);
        assert_eq!(split("a,,b").collect::<Vec<_>>(), ["a", "", "b"]);
    }
}
