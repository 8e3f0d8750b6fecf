//! An HTTP/1.1 client that sends and receives many bytes and keeps none of them.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The bytes of one write.
const BLOCK: usize = 64 << 10;

/// How long either side may do nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Uploads so many bytes; all of them must have reached the backend.
pub(super) fn upload(address: SocketAddr, bytes: u64) -> Result<(), Box<dyn Error>> {
    let mut stream = connect(address)?;
    write!(
        stream,
        "POST /api/files HTTP/1.1\r\nHost: bench\r\nContent-Type: application/octet-stream\r\nContent-Length: {bytes}\r\n\r\n"
    )?;
    let block = vec![b'x'; BLOCK];
    let mut left = bytes;
    while left > 0 {
        let piece = left.min(BLOCK as u64) as usize;
        stream.write_all(&block[..piece])?;
        left -= piece as u64;
    }
    let mut reader = BufReader::new(stream);
    let length = head(&mut reader)?.ok_or("an answer without a length")?;
    let mut answer = vec![0; usize::try_from(length)?];
    reader.read_exact(&mut answer)?;
    let answer: serde_json::Value = serde_json::from_slice(&answer)?;
    match answer["bytes"].as_str() == Some(&bytes.to_string()) {
        true => Ok(()),
        false => Err(format!("{bytes} bytes were sent, and {answer} arrived").into()),
    }
}

/// Downloads so many bytes; all of them must come, and then a proper end.
pub(super) fn download(address: SocketAddr, bytes: u64) -> Result<(), Box<dyn Error>> {
    let mut stream = connect(address)?;
    write!(
        stream,
        "GET /api/files/{bytes} HTTP/1.1\r\nHost: bench\r\n\r\n"
    )?;
    let mut reader = BufReader::with_capacity(BLOCK, stream);
    if head(&mut reader)?.is_some() {
        return Err("a download that is not chunked".into());
    }
    let mut received = 0;
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim_end(), 16)
            .map_err(|error| format!("{received} bytes came, then `{line}`: {error}"))?;
        skip(&mut reader, size)?;
        received += size;
        line.clear();
        reader.read_line(&mut line)?;
        if size == 0 {
            break;
        }
    }
    match received == bytes {
        true => Ok(()),
        false => Err(format!("{bytes} bytes were asked for, and {received} came").into()),
    }
}

fn connect(address: SocketAddr) -> Result<TcpStream, Box<dyn Error>> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Reads the head of an answer; its length, if it has one.
fn head(reader: &mut BufReader<TcpStream>) -> Result<Option<u64>, Box<dyn Error>> {
    let mut status = String::new();
    reader.read_line(&mut status)?;
    if !status.starts_with("HTTP/1.1 200 ") {
        return Err(format!("the answer is {status}").into());
    }
    let mut length = None;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = Some(value.trim().parse()?);
            }
            Some(_) => {}
            None => return Ok(length),
        }
    }
}

fn skip(reader: &mut BufReader<TcpStream>, mut bytes: u64) -> Result<(), Box<dyn Error>> {
    while bytes > 0 {
        let there = reader.fill_buf()?.len() as u64;
        if there == 0 {
            return Err(format!("the answer ended {bytes} bytes before the end of a chunk").into());
        }
        let taken = there.min(bytes);
        reader.consume(taken as usize);
        bytes -= taken;
    }
    Ok(())
}
