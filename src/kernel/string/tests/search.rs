//! Substring search: every short case, long periodic ones, and linear time.

use crate::kernel::string::search::{find, two_way};
use crate::testkit::random::Random;

fn plain(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// All texts of `length` letters out of `a` and `b`.
fn words(length: u32) -> impl Iterator<Item = Vec<u8>> {
    (0..1u32 << length).map(move |bits| (0..length).map(|place| b'a' + (bits >> place & 1) as u8).collect())
}

#[test]
fn two_way_finds_all_short_needles() {
    for needle in (1..=6).flat_map(words) {
        for haystack in words(10) {
            assert_eq!(two_way(&haystack, &needle), plain(&haystack, &needle), "{needle:?} in {haystack:?}");
        }
    }
}

#[test]
fn periodic_texts() {
    let mut random = Random::new(88172645463325252);
    for _ in 0..20_000 {
        let period = 1 + random.index(7);
        let letters: Vec<u8> = (0..period).map(|_| b'a' + random.index(2) as u8).collect();
        let mut haystack: Vec<u8> = letters.iter().copied().cycle().take(120).collect();
        let mut needle: Vec<u8> = letters.iter().copied().cycle().take(1 + random.index(40)).collect();
        for text in [&mut haystack, &mut needle] {
            let place = random.index(text.len());
            text[place] = b'a' + random.index(2) as u8;
        }
        let expected = plain(&haystack, &needle);
        assert_eq!(find(&haystack, &needle), expected);
        assert_eq!(two_way(&haystack, &needle), expected);
    }
}

/// A quadratic search would read 2.5 · 10¹¹ units here.
#[test]
fn adversarial_texts_take_linear_time() {
    let haystack = vec![b'a'; 1_000_000];
    let mut needle = vec![b'a'; 500_000];
    needle[250_000] = b'b';
    assert_eq!(find(&haystack, &needle), None);
}
