//! JSON text, strictly RFC 8259: pulling tokens, reading numbers exactly,
//! escaping strings. What the tokens mean for a message is left to `read`.

mod find;
mod guess;
mod number;
mod scanner;
mod string;

pub(super) use find::is_plain;
pub(super) use guess::Guess;
pub(super) use number::{Integral, NotIntegral, Number};
pub(super) use scanner::Scanner;
pub(super) use string::{Text, escape_checked, escape_into};
