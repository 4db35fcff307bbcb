//! BigGAN-deep: latents and class weights to images.
