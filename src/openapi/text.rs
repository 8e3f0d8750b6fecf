//! Comments of `.proto` files as CommonMark: what is meant for people stays, notes
//! to tools go.

/// The text of a comment, without what is not meant for readers of the API:
/// `(-- … --)`, and lines for linters and generators.
pub(super) fn clean(comment: &str) -> String {
    let mut text = without_internal(comment);
    text = text
        .lines()
        .filter(|line| !is_directive(line.trim()))
        // The space after `//` is no indentation.
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect::<Vec<_>>()
        .join("\n");
    text.trim_matches('\n').trim_end().to_owned()
}

fn without_internal(comment: &str) -> String {
    let mut text = String::with_capacity(comment.len());
    let mut rest = comment;
    while let Some((before, after)) = rest.split_once("(--") {
        text.push_str(before);
        // One that never ends hides the rest, as it was meant to hide something.
        rest = after.split_once("--)").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text
}

fn is_directive(line: &str) -> bool {
    ["buf:lint:", "@exclude", "protolint:", "api-linter:"]
        .iter()
        .any(|start| line.starts_with(start))
}

/// The first sentence, on one line and without its full stop.
pub(super) fn summary(text: &str) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = line.find(". ").unwrap_or(line.len());
    line[..end].trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_lose_what_readers_need_not_know() {
        for (comment, expected) in [
            (" One line.\n", "One line."),
            (" A\n   indented\n B  \n", "A\n  indented\nB"),
            (
                " Shown. (-- hidden\n too --) Shown too.\n",
                "Shown.  Shown too.",
            ),
            (" Shown.\n (-- hidden\n", "Shown."),
            (" buf:lint:ignore X\n Shown.\n @exclude no\n", "Shown."),
            ("", ""),
        ] {
            assert_eq!(clean(comment), expected, "{comment:?}");
        }
    }

    #[test]
    fn a_summary_is_the_first_sentence() {
        for (text, expected) in [
            ("Gets v1.2 of it. And more.", "Gets v1.2 of it"),
            ("Over two\nlines.\n\nMore.", "Over two lines"),
            ("No stop", "No stop"),
            ("", ""),
        ] {
            assert_eq!(summary(text), expected, "{text:?}");
        }
    }
}
