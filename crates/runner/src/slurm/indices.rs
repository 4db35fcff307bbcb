/// Increasing numbers as `sbatch --array` takes them, such as `1-3,7`; at most `at_once` of them at
/// the same time.
pub(crate) fn indices(numbers: &[usize], at_once: Option<usize>) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let range = |(first, last): (usize, usize)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    let limit = at_once.map_or(String::new(), |at_once| format!("%{at_once}"));
    ranges.into_iter().map(range).collect::<Vec<_>>().join(",") + &limit
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neighbors_are_a_range() {
        assert_eq!(indices(&[1, 2, 3, 7, 9, 10], None), "1-3,7,9-10");
        assert_eq!(indices(&[4], Some(2)), "4%2");
    }

    proptest! {
        #[test]
        fn every_number_is_named_once(numbers in prop::collection::btree_set(1..200_usize, 1..60)) {
            let numbers: Vec<usize> = numbers.into_iter().collect();
            let mut named = Vec::new();
            for range in indices(&numbers, None).split(',') {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                named.extend(first.parse::<usize>().unwrap()..=last.parse().unwrap());
            }
            prop_assert_eq!(named, numbers);
        }
    }
}
