//! Method and path → binding and captures, or no such path, or a wrong method
//! together with the right ones. Bodies, queries and gRPC are left to `gateway`.
//!
//! What holds for every [`Table`]:
//! - The order of registration means nothing. Per segment, from the left, a
//!   literal beats `*` beats `**`; what fails further right is tried the next way.
//! - That search knows the method: where `GET /a/b` and `POST /a/{x}` are
//!   registered, `POST /a/b` is the second.
//! - A verb is tried first, and only where a template has it: `/v1/a:b` goes to a
//!   template with the verb `b`, and if no such template has the path, in any
//!   method, `a:b` is an ordinary segment.
//! - A method beats "any method"; `HEAD` is answered by `GET` where it has no
//!   rule of its own.
//! - The path is split on raw bytes and each segment percent-decoded once. `%2F`
//!   is never a separator, `%3A` never begins a verb.
//! - An empty segment matches nothing, so `//` and a trailing `/` are no such path.
//! - A lookup costs by the path's length and the ways that its segments can be
//!   read, never by the number of templates, and does not allocate unless the
//!   path has percent-encodings.

mod methods;
mod path;
mod table;

pub use path::{Captures, PathError, PathFault};
pub use table::{Conflict, Match, Table};
