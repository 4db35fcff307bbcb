/// The 100 class names of CIFAR-100 (Krizhevsky 2009) in the dataset's order, its underscores as
/// spaces.
#[rustfmt::skip]
pub const CIFAR100: [&str; 100] = [
    "apple", "aquarium fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
    "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
    "lamp", "lawn mower", "leopard", "lion", "lizard", "lobster", "man", "maple tree", "motorcycle", "mountain",
    "mouse", "mushroom", "oak tree", "orange", "orchid", "otter", "palm tree", "pear", "pickup truck", "pine tree",
    "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket",
    "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider",
    "squirrel", "streetcar", "sunflower", "sweet pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
    "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow tree", "wolf", "woman", "worm",
];

#[cfg(test)]
mod tests {
    use super::CIFAR100;

    #[test]
    fn the_dataset_lists_its_classes_by_the_alphabet() {
        assert!(CIFAR100.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn names_stand_where_the_dataset_has_them() {
        // Labels of the dataset's `fine_label_names`.
        for (label, name) in [
            (0, "apple"),
            (19, "cattle"),
            (41, "lawn mower"),
            (48, "motorcycle"),
            (87, "television"),
            (99, "worm"),
        ] {
            assert_eq!(CIFAR100[label], name);
        }
    }
}
