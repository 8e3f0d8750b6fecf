//! x
mod going_away;
pub use going_away::GoingAway;
