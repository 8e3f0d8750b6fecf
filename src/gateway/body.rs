//! A request's body, read whole within its limits of size and time.

use super::failure::Failure;
use super::settings::Settings;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use std::fmt::Display;
use std::pin::{Pin, pin};
use std::task::Poll;
use tokio::time::{Instant, timeout_at};

/// Reads the body. A body that says beforehand that it is too large is not read.
pub(super) async fn read<B>(body: B, settings: &Settings, limit: usize) -> Result<Bytes, Failure>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let announced = body.size_hint();
    if announced.lower() > limit as u64 {
        return Err(Failure::BodyTooLarge { limit });
    }
    let mut body = pin!(body);
    let mut patience = None;
    // One piece is the ordinary case and is not copied.
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = next(body.as_mut(), settings, &mut patience).await? {
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if first.len() + whole.len() + data.len() > limit {
            return Err(Failure::BodyTooLarge { limit });
        }
        if whole.is_empty() {
            if first.is_empty() {
                first = data;
                continue;
            }
            whole.reserve(announced.exact().map_or(0, |all| all as usize));
            whole.extend_from_slice(&std::mem::take(&mut first));
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() {
        first
    } else {
        whole.freeze()
    })
}

/// The next frame of a streamed body, which may take as long as its call.
pub(super) async fn next_of_stream<B>(
    mut body: Pin<&mut B>,
) -> Result<Option<Frame<Bytes>>, Failure>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    let frame = body.frame().await.transpose();
    frame.map_err(|error| Failure::BodyBroken(error.to_string()))
}

/// The next frame. Timers start only when there is something to wait for, which
/// for most small bodies never happens.
async fn next<B>(
    mut body: Pin<&mut B>,
    settings: &Settings,
    patience: &mut Option<Instant>,
) -> Result<Option<Frame<Bytes>>, Failure>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    let at_once = std::future::poll_fn(|context| {
        Poll::Ready(match body.as_mut().poll_frame(context) {
            Poll::Ready(frame) => Some(frame),
            Poll::Pending => None,
        })
    })
    .await;
    let frame = match at_once {
        Some(frame) => frame,
        None => {
            let now = Instant::now();
            let end = *patience.get_or_insert(now + settings.body_timeout);
            timeout_at(end.min(now + settings.body_idle_timeout), body.frame())
                .await
                .map_err(|_| Failure::BodyTooSlow)?
        }
    };
    frame
        .transpose()
        .map_err(|error| Failure::BodyBroken(error.to_string()))
}
