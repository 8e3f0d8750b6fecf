//! The messages in a gRPC body as it passes by: their sizes, wherever the body is
//! cut. Nothing of them is kept.

/// What has passed so far.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The five bytes before a message: a flag and its size.
    prefix: [u8; 5],
    /// How many of the five are there.
    known: usize,
    /// How much of the message is still to come.
    left: usize,
}

impl Frames {
    /// Tells the size of each message that ends in `data`.
    pub(super) fn pass(&mut self, mut data: &[u8], mut message: impl FnMut(usize)) {
        while !data.is_empty() {
            if self.known < self.prefix.len() {
                let (now, later) = data.split_at(data.len().min(self.prefix.len() - self.known));
                self.prefix[self.known..][..now.len()].copy_from_slice(now);
                self.known += now.len();
                data = later;
                if self.known < self.prefix.len() {
                    return;
                }
                self.left = self.size();
            }
            let now = data.len().min(self.left);
            self.left -= now;
            data = &data[now..];
            if self.left == 0 {
                message(self.size());
                self.known = 0;
            }
        }
    }

    fn size(&self) -> usize {
        let [_, a, b, c, d] = self.prefix;
        u32::from_be_bytes([a, b, c, d]) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_seen_wherever_the_body_is_cut() {
        let mut body = Vec::new();
        for size in [0_usize, 3, 0, 300, 1] {
            body.push(0);
            body.extend_from_slice(&(size as u32).to_be_bytes());
            body.extend(std::iter::repeat_n(7, size));
        }
        for piece in 1..body.len() {
            let (mut frames, mut sizes) = (Frames::default(), Vec::new());
            for data in body.chunks(piece) {
                frames.pass(data, |size| sizes.push(size));
            }
            assert_eq!(sizes, [0, 3, 0, 300, 1], "in pieces of {piece}");
        }
    }

    #[test]
    fn a_message_that_breaks_off_is_none() {
        let (mut frames, mut sizes) = (Frames::default(), Vec::new());
        frames.pass(&[0, 0, 0, 0, 2, 1], |size| sizes.push(size));
        assert_eq!(sizes, [0; 0]);
    }
}
