//! Walks the tree of a `google.api.Service` document and gathers its HTTP rules and
//! all that is wrong with their form. What the document is, is told in
//! `service_config`.

use super::{
    option::{CustomHttpPattern, HttpRule, Pattern},
    service_config::FileRule,
};
use crate::yaml::{Member, Node, Place, Value};

const RULE_KEYS: &[&str] = &[
    "selector",
    "get",
    "put",
    "post",
    "delete",
    "patch",
    "custom",
    "body",
    "response_body",
    "additional_bindings",
];

/// Walks the tree, gathering what is wrong with it.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) faults: Vec<(Option<Place>, String)>,
}

/// A rule as it is being read.
#[derive(Default)]
struct Draft {
    selector: String,
    http: HttpRule,
    /// Where the pattern stands, and its key.
    pattern: Option<(Place, String)>,
    additional: Vec<Place>,
}

impl Reader {
    /// The rules of a whole document.
    pub(super) fn document(&mut self, root: Option<Node>) -> Vec<FileRule> {
        let mut rules = Vec::new();
        let members = match root {
            Some(root) => self.map(root, "the keys of a google.api.Service"),
            None => Vec::new(),
        };
        for member in members {
            match member.key.as_str() {
                "type" => self.constant(member, "google.api.Service"),
                "config_version" | "configVersion" => self.constant(member, "3"),
                "http" => rules = self.http(member.node),
                _ => {}
            }
        }
        if rules.is_empty() && self.faults.is_empty() {
            let message = "there are no rules: expected `http:` with a list of `rules:` in it";
            self.faults.push((None, message.to_owned()));
        }
        rules
    }

    fn http(&mut self, node: Node) -> Vec<FileRule> {
        let mut rules = Vec::new();
        for member in self.map(node, "`rules:` in `http`") {
            match snake_case(&member.key).as_str() {
                "rules" => {
                    for item in self.list(member) {
                        rules.extend(self.top_rule(item));
                    }
                }
                "fully_decode_reserved_expansion" => self.constant(member, "false"),
                key => self.unknown(&member, key, &["rules", "fully_decode_reserved_expansion"]),
            }
        }
        rules
    }

    fn top_rule(&mut self, node: Node) -> Option<FileRule> {
        let (place, before) = (node.place, self.faults.len());
        let draft = self.rule(node);
        if self.faults.len() > before {
            return None;
        }
        if let Err(message) = one_method(&draft.selector) {
            self.fault(place, message);
            return None;
        }
        let mut places = vec![place];
        places.extend(draft.additional);
        Some(FileRule {
            selector: draft.selector,
            http: draft.http,
            places,
        })
    }

    fn rule(&mut self, node: Node) -> Draft {
        let mut draft = Draft::default();
        let mut seen: Vec<String> = Vec::new();
        for member in self.map(node, "a rule, such as `selector:` and `get:`") {
            let key = snake_case(&member.key);
            if seen.contains(&key) {
                self.fault(
                    member.place,
                    format!("`{key}` is set twice, in two spellings"),
                );
                continue;
            }
            match key.as_str() {
                "selector" => draft.selector = self.text(member),
                "body" => draft.http.body = self.text(member),
                "response_body" => draft.http.response_body = self.text(member),
                "additional_bindings" => self.additional(member, &mut draft),
                "get" | "put" | "post" | "delete" | "patch" | "custom" => {
                    self.pattern(member, &mut draft);
                }
                key => self.unknown(&member, key, RULE_KEYS),
            }
            seen.push(key);
        }
        draft
    }

    /// Deeper nesting is read here and refused by `compile`, as in annotations.
    fn additional(&mut self, member: Member, draft: &mut Draft) {
        for item in self.list(member) {
            let place = item.place;
            let additional = self.rule(item);
            if !additional.selector.is_empty() {
                let message = "`selector` has no meaning in additional_bindings: they are for the \
                               method of the rule that they stand in";
                self.fault(place, message);
            }
            draft.additional.push(place);
            draft.http.additional_bindings.push(additional.http);
        }
    }

    fn pattern(&mut self, member: Member, draft: &mut Draft) {
        let (place, key) = (member.place, member.key.clone());
        let pattern = match key.as_str() {
            _ if matches!(member.node.value, Value::Null) => return,
            "custom" => Pattern::Custom(self.custom(member)),
            "get" => Pattern::Get(self.text(member)),
            "put" => Pattern::Put(self.text(member)),
            "post" => Pattern::Post(self.text(member)),
            "delete" => Pattern::Delete(self.text(member)),
            _ => Pattern::Patch(self.text(member)),
        };
        if let Some((first, other)) = &draft.pattern {
            let message = format!(
                "`{key}` beside the `{other}` of line {}: a rule has one pattern; write the second \
                 in `additional_bindings`",
                first.line
            );
            self.fault(place, message);
            return;
        }
        draft.pattern = Some((place, key));
        draft.http.pattern = Some(pattern);
    }

    fn custom(&mut self, member: Member) -> CustomHttpPattern {
        let mut custom = CustomHttpPattern::default();
        for member in self.map(member.node, "`custom: { kind: METHOD, path: TEMPLATE }`") {
            match member.key.as_str() {
                "kind" => custom.kind = self.text(member),
                "path" => custom.path = self.text(member),
                key => self.unknown(&member, key, &["kind", "path"]),
            }
        }
        custom
    }

    fn map(&mut self, node: Node, what: &str) -> Vec<Member> {
        match node.value {
            Value::Map(members) => return members,
            Value::Null | Value::Scalar(_) | Value::List(_) => {
                self.fault(node.place, format!("expected {what}"));
            }
        }
        Vec::new()
    }

    fn list(&mut self, member: Member) -> Vec<Node> {
        match member.node.value {
            Value::List(items) => return items,
            Value::Null => {}
            Value::Scalar(_) | Value::Map(_) => {
                let message = format!(
                    "`{}`: expected a list; begin each item with `-`",
                    member.key
                );
                self.fault(member.place, message);
            }
        }
        Vec::new()
    }

    fn text(&mut self, member: Member) -> String {
        match member.node.value {
            Value::Scalar(text) => return text,
            Value::Null => {}
            Value::List(_) | Value::Map(_) => {
                let message = format!("`{}`: expected a text", member.key);
                self.fault(member.place, message);
            }
        }
        String::new()
    }

    /// A key that has one value only, or its default.
    fn constant(&mut self, member: Member, expected: &str) {
        let (place, key) = (member.place, member.key.clone());
        if matches!(member.node.value, Value::Null) {
            return;
        }
        let found = self.text(member);
        if found != expected && !found.is_empty() {
            self.fault(
                place,
                format!("`{key}` is `{found}`; only `{expected}` is known"),
            );
        }
    }

    fn unknown(&mut self, member: &Member, key: &str, known: &[&str]) {
        let nearest = known
            .iter()
            .map(|known| (strsim::damerau_levenshtein(known, key), *known))
            .min();
        let help = match nearest {
            Some((distance, nearest)) if distance <= 1 + key.len() / 4 => {
                format!("did you mean `{nearest}`?")
            }
            _ => format!("the keys here are {}", known.join(", ")),
        };
        self.fault(
            member.place,
            format!("unknown key `{}`; {help}", member.key),
        );
    }

    fn fault(&mut self, place: Place, message: impl Into<String>) {
        self.faults.push((Some(place), message.into()));
    }
}

/// Service configurations know selectors for many elements; a path template stands
/// for one method, and for many it could only conflict with itself.
fn one_method(selector: &str) -> Result<(), String> {
    if selector.is_empty() {
        return Err("the rule has no `selector`; set it to pkg.Service.Method".to_owned());
    }
    if selector.contains(|c: char| c == '*' || c == ',' || c.is_whitespace()) {
        return Err(format!(
            "selector `{}` is not one method; write a rule for each, as pkg.Service.Method",
            selector.escape_debug()
        ));
    }
    Ok(())
}

/// `responseBody` as `response_body`.
fn snake_case(key: &str) -> String {
    let mut snake = String::with_capacity(key.len() + 1);
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
