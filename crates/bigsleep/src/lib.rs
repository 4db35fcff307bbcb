//! BigSleep: the optimisation of BigGAN's latents against CLIP.
