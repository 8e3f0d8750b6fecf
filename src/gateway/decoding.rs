//! Request bodies that came compressed (RFC 9110 §8.4), decompressed as they are
//! read. What comes out counts against the limits on bodies, so that a small body
//! cannot become a large one; where a stream has no such limit, it may not expand
//! beyond reason.

use super::content::shown;
use super::failure::Failure;
use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body::{Body, Frame, SizeHint};
use std::fmt::{self, Display};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncBufRead;
use tokio_util::io::{StreamReader, poll_read_buf};

/// What is decoded, for those who sent something else.
pub(super) const ENCODINGS: &str = "br, gzip, zstd";

/// The most bytes that are decoded at a time.
const PIECE: usize = 16 << 10;

/// The largest window of zstd, as a power of two: what RFC 9659 §3 lets a sender
/// use, and so what a request may make us hold.
const ZSTD_WINDOW: u32 = 23;

/// How many times larger than what came a body may be, once it is larger than any
/// that would be taken whole. Text of all kinds stays far below.
const MAX_RATIO: u64 = 100;

pin_project_lite::pin_project! {
    /// A request's body, decoded where it needs to be.
    #[project = Projected]
    pub(super) enum Decoded<B> {
        Plain { #[pin] body: B },
        Coded { coded: Box<Coded<B>> },
    }
}

/// A compressed body.
pub(super) struct Coded<B> {
    decoder: Decoder<StreamReader<Source<B>, Bytes>>,
    /// The bytes that came out so far.
    decoded: u64,
    /// Up to so many bytes the ratio does not matter.
    harmless: u64,
    is_over: bool,
}

enum Decoder<R> {
    Gzip(GzipDecoder<R>),
    Brotli(BrotliDecoder<R>),
    Zstd(ZstdDecoder<R>),
}

/// The data of a body, counted.
struct Source<B> {
    body: Pin<Box<B>>,
    taken: u64,
}

/// Why a body cannot be read to its end.
#[derive(Debug)]
pub(super) struct Fault(String);

impl<B> Decoded<B>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    /// The body of a request with these headers; `harmless` bytes may come out of it
    /// whatever went in.
    pub(super) fn new(body: B, headers: &HeaderMap, harmless: usize) -> Result<Self, Failure> {
        let Some(encoding) = headers.get(CONTENT_ENCODING) else {
            return Ok(Self::Plain { body });
        };
        let refused = || Failure::ContentEncoding {
            got: shown(encoding.as_bytes()),
        };
        if headers.get_all(CONTENT_ENCODING).iter().count() > 1 {
            return Err(refused());
        }
        let name = encoding.as_bytes().trim_ascii().to_ascii_lowercase();
        if name == b"identity" || name.is_empty() || body.is_end_stream() {
            return Ok(Self::Plain { body });
        }
        let source = StreamReader::new(Source {
            body: Box::pin(body),
            taken: 0,
        });
        let decoder = match &*name {
            b"gzip" | b"x-gzip" => {
                let mut decoder = GzipDecoder::new(source);
                // RFC 1952 §2.2: a gzip file may be several, one after the other.
                decoder.multiple_members(true);
                Decoder::Gzip(decoder)
            }
            b"br" => Decoder::Brotli(BrotliDecoder::new(source)),
            b"zstd" => {
                let window = DParameter::window_log_max(ZSTD_WINDOW);
                let mut decoder = ZstdDecoder::with_params(source, &[window]);
                // RFC 8878 §3: so may zstd's frames.
                decoder.multiple_members(true);
                Decoder::Zstd(decoder)
            }
            _ => return Err(refused()),
        };
        Ok(Self::Coded {
            coded: Box::new(Coded {
                decoder,
                decoded: 0,
                // Who reads it whole finds it too large before.
                harmless: (harmless + PIECE) as u64,
                is_over: false,
            }),
        })
    }
}

impl<B> Body for Decoded<B>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        match self.project() {
            Projected::Plain { body } => body
                .poll_frame(context)
                .map_err(|error| Fault(error.to_string())),
            Projected::Coded { coded } => {
                let data = ready!(coded.poll_data(context));
                Poll::Ready(data.map_err(|error| Fault(error.to_string())).transpose())
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Plain { body } => body.is_end_stream(),
            Self::Coded { coded } => coded.is_over,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Plain { body } => body.size_hint(),
            Self::Coded { .. } => SizeHint::default(),
        }
    }
}

impl<B> Coded<B>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Frame<Bytes>>>> {
        if self.is_over {
            return Poll::Ready(Ok(None));
        }
        let mut piece = BytesMut::with_capacity(PIECE);
        let count = ready!(self.decoder.poll_read(context, &mut piece));
        match count.map_err(|error| self.decoder.explain(error))? {
            0 => {
                let rest = ready!(self.decoder.poll_rest(context))?;
                self.is_over = true;
                match rest {
                    true => Poll::Ready(Err(self.decoder.fault("something follows its end"))),
                    false => Poll::Ready(Ok(None)),
                }
            }
            count => {
                self.decoded += count as u64;
                let reasonable = self.decoder.source().taken.saturating_mul(MAX_RATIO);
                if self.decoded > self.harmless.max(reasonable) {
                    self.is_over = true;
                    let fault = format!("it expands more than {MAX_RATIO} times");
                    return Poll::Ready(Err(self.decoder.fault(&fault)));
                }
                Poll::Ready(Ok(Some(Frame::data(piece.freeze()))))
            }
        }
    }
}

impl<B> Decoder<StreamReader<Source<B>, Bytes>>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        piece: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Gzip(decoder) => poll_read_buf(Pin::new(decoder), context, piece),
            Self::Brotli(decoder) => poll_read_buf(Pin::new(decoder), context, piece),
            Self::Zstd(decoder) => poll_read_buf(Pin::new(decoder), context, piece),
        }
    }

    /// Whether anything follows what was decoded.
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let reader = match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
        };
        let rest = ready!(Pin::new(reader).poll_fill_buf(context))?;
        Poll::Ready(Ok(!rest.is_empty()))
    }

    fn source(&self) -> &Source<B> {
        match self {
            Self::Gzip(decoder) => decoder.get_ref().get_ref(),
            Self::Brotli(decoder) => decoder.get_ref().get_ref(),
            Self::Zstd(decoder) => decoder.get_ref().get_ref(),
        }
    }

    /// A fault of the source as it is, one of the decoder with its name.
    fn explain(&self, error: io::Error) -> io::Error {
        match error.get_ref() {
            Some(inner) if inner.is::<Fault>() => error,
            _ => self.fault(&error.to_string()),
        }
    }

    fn fault(&self, fault: &str) -> io::Error {
        let name = match self {
            Self::Gzip(_) => "gzip",
            Self::Brotli(_) => "br",
            Self::Zstd(_) => "zstd",
        };
        io::Error::other(Fault(format!("content encoding `{name}`: {fault}")))
    }
}

impl<B> Stream for Source<B>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = match ready!(self.body.as_mut().poll_frame(context)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(io::Error::other(Fault(error.to_string())))));
                }
                None => return Poll::Ready(None),
            };
            // Trailers end a body.
            let Ok(data) = frame.into_data() else {
                continue;
            };
            self.taken += data.len() as u64;
            return Poll::Ready(Some(Ok(data)));
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}
