//! The bucket limits of the histograms, as whole numbers of the unit in which
//! values are recorded: nanoseconds and bytes.

/// The limits of a histogram of `N` buckets, the last of which has none.
#[derive(Debug)]
pub(super) struct Scale<const N: usize> {
    /// Rising; a value belongs to the first bucket whose limit it does not pass.
    limits: [u64; N],
}

/// Latency buckets of gRFC A66.
pub(super) const LATENCY: Scale<42> = Scale::new([
    0,
    us(10),
    us(50),
    us(100),
    us(300),
    us(600),
    us(800),
    ms(1),
    ms(2),
    ms(3),
    ms(4),
    ms(5),
    ms(6),
    ms(8),
    ms(10),
    ms(13),
    ms(16),
    ms(20),
    ms(25),
    ms(30),
    ms(40),
    ms(50),
    ms(65),
    ms(80),
    ms(100),
    ms(130),
    ms(160),
    ms(200),
    ms(250),
    ms(300),
    ms(400),
    ms(500),
    ms(650),
    ms(800),
    s(1),
    s(2),
    s(5),
    s(10),
    s(20),
    s(50),
    s(100),
    u64::MAX,
]);

/// Size buckets of gRFC A66.
pub(super) const SIZE: Scale<15> = Scale::new([
    0,
    1 << 10,
    1 << 11,
    1 << 12,
    1 << 14,
    1 << 16,
    1 << 18,
    1 << 20,
    1 << 22,
    1 << 24,
    1 << 26,
    1 << 28,
    1 << 30,
    1 << 32,
    u64::MAX,
]);

/// Latency buckets of OpenTelemetry's conventions for HTTP.
pub(super) const HTTP_LATENCY: Scale<15> = Scale::new([
    ms(5),
    ms(10),
    ms(25),
    ms(50),
    ms(75),
    ms(100),
    ms(250),
    ms(500),
    ms(750),
    s(1),
    ms(2_500),
    s(5),
    ms(7_500),
    s(10),
    u64::MAX,
]);

const fn us(count: u64) -> u64 {
    count * 1_000
}

const fn ms(count: u64) -> u64 {
    us(count) * 1_000
}

const fn s(count: u64) -> u64 {
    ms(count) * 1_000
}

impl<const N: usize> Scale<N> {
    const fn new(limits: [u64; N]) -> Self {
        Self { limits }
    }

    /// The bucket that `value` belongs to.
    pub(super) fn bucket(&self, value: u64) -> usize {
        // The last limit is the largest value there is, so there always is a bucket.
        self.limits.partition_point(|limit| *limit < value)
    }

    /// The limits in a unit of `divisor`; the endless bucket has none.
    pub(super) fn bounds(&self, divisor: f64) -> Vec<f64> {
        let limits = &self.limits[..N - 1];
        limits.iter().map(|limit| *limit as f64 / divisor).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_belong_to_the_bucket_below_them() {
        for (value, bucket) in [
            (0, 0),
            (1, 1),
            (10_000, 1),
            (10_001, 2),
            (s(100), 40),
            (s(100) + 1, 41),
            (u64::MAX, 41),
        ] {
            assert_eq!(LATENCY.bucket(value), bucket, "{value}");
        }
        assert_eq!(SIZE.bucket(1024), 1);
        assert_eq!(HTTP_LATENCY.bucket(0), 0);
    }

    #[test]
    fn bounds_are_the_numbers_of_the_proposal() {
        let expected = [
            0.0, 0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004,
            0.005, 0.006, 0.008, 0.01, 0.013, 0.016, 0.02, 0.025, 0.03, 0.04, 0.05, 0.065, 0.08,
            0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0,
            100.0,
        ];
        assert_eq!(LATENCY.bounds(1e9), expected);
        let http = [
            0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
        ];
        assert_eq!(HTTP_LATENCY.bounds(1e9), http);
        let sizes = [
            0.0,
            1024.0,
            2048.0,
            4096.0,
            16384.0,
            65536.0,
            262144.0,
            1048576.0,
            4194304.0,
            16777216.0,
            67108864.0,
            268435456.0,
            1073741824.0,
            4294967296.0,
        ];
        assert_eq!(SIZE.bounds(1.0), sizes);
    }
}
