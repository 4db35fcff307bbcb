//! CLIP: texts and images to embeddings.
