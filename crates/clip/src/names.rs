/// A tensor's name in OpenAI's files, given its name in OpenAI's or Hugging Face's. `None` for what
/// is no weight.
///
/// Hugging Face keeps query, key and value apart and the projections the other way round, which a
/// name cannot mend: those come out as `attn.q_proj.weight`, `visual.proj.weight` and so on, and
/// are put together where they are loaded.
pub(crate) fn openai_name(name: &str) -> Option<String> {
    if is_no_weight(name) {
        return None;
    }
    if let Some((_, openai)) = WHOLE.iter().find(|(hugging_face, _)| *hugging_face == name) {
        return Some((*openai).to_owned());
    }
    Some(
        LAYERS
            .iter()
            .find_map(|(from, to)| Some(in_block(to, name.strip_prefix(from)?)))
            .unwrap_or_else(|| name.to_owned()),
    )
}

/// Buffers: position numbers in Hugging Face's files, three sizes in OpenAI's.
fn is_no_weight(name: &str) -> bool {
    name.ends_with(".embeddings.position_ids")
        || ["input_resolution", "context_length", "vocab_size"].contains(&name)
}

fn in_block(prefix: &str, rest: &str) -> String {
    let renamed = BLOCK.iter().find_map(|(from, to)| rest.contains(from).then(|| rest.replace(from, to)));
    format!("{prefix}{}", renamed.unwrap_or_else(|| rest.to_owned()))
}

const LAYERS: [(&str, &str); 2] = [
    ("vision_model.encoder.layers.", "visual.transformer.resblocks."),
    ("text_model.encoder.layers.", "transformer.resblocks."),
];

const BLOCK: [(&str, &str); 5] = [
    (".self_attn.", ".attn."),
    (".layer_norm1.", ".ln_1."),
    (".layer_norm2.", ".ln_2."),
    (".mlp.fc1.", ".mlp.c_fc."),
    (".mlp.fc2.", ".mlp.c_proj."),
];

const WHOLE: [(&str, &str); 12] = [
    ("vision_model.embeddings.class_embedding", "visual.class_embedding"),
    ("vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"),
    ("vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),
    ("vision_model.pre_layrnorm.weight", "visual.ln_pre.weight"), // Hugging Face's spelling
    ("vision_model.pre_layrnorm.bias", "visual.ln_pre.bias"),
    ("vision_model.post_layernorm.weight", "visual.ln_post.weight"),
    ("vision_model.post_layernorm.bias", "visual.ln_post.bias"),
    ("visual_projection.weight", "visual.proj.weight"),
    ("text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
    ("text_model.embeddings.position_embedding.weight", "positional_embedding"),
    ("text_model.final_layer_norm.weight", "ln_final.weight"),
    ("text_model.final_layer_norm.bias", "ln_final.bias"),
];
