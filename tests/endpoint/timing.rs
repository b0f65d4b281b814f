//! Whether two things take the same time, on a machine that does others beside.

use std::time::Instant;

/// The mean of the middle half, in nanoseconds: what a busy machine adds now and then lies outside.
fn middle(times: &mut [f64]) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    let half = &times[times.len() / 4..times.len() * 3 / 4];
    let mean = half.iter().sum::<f64>() / half.len() as f64;
    let variance = half.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (half.len() - 1) as f64;
    (mean, variance / half.len() as f64)
}

/// Twice a thousand in turn, in changing order: the difference of the two, in its own deviations and in parts of the
/// whole.
fn difference(verify: impl Fn(usize)) -> (f64, f64) {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..1000 {
        for turn in 0..2 {
            let which = (round + turn) % 2;
            let start = Instant::now();
            verify(which);
            times[which].push(start.elapsed().as_nanos() as f64);
        }
    }
    let [one, other] = times.map(|mut times| middle(&mut times));
    ((one.0 - other.0).abs() / (one.1 + other.1).sqrt(), (one.0 - other.0).abs() / one.0.min(other.0))
}

/// Fails if the two of `act` can be told apart by the clock. An oracle shows every time: a branch that skips a private
/// key is far more than a hundredth of the whole.
pub fn assert_one_time(act: impl Fn(usize)) {
    let mut found = Vec::new();
    for _ in 0..3 {
        let (deviations, part) = difference(&act);
        eprintln!("{deviations:.1} deviations, {:.3} % of the whole", part * 100.0);
        if deviations < 5.0 || part < 0.01 {
            return;
        }
        found.push((deviations, part));
    }
    panic!("the two take different times: {found:?}");
}
