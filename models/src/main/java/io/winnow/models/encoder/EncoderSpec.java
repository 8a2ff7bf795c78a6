package io.winnow.models.encoder;

/**
 * What goes with an encoder's file; stored beside it.
 *
 * @param embeddingSize E
 * @param maxLength L, how many of the last items it reads at most
 * @param itemCount N, how many items have vectors
 * @param vocabularySize V, how many tokens have vectors
 * @param blocks how many transformer blocks
 * @param metrics how it did on the events held out
 */
public record EncoderSpec(
    int embeddingSize,
    int maxLength,
    int itemCount,
    int vocabularySize,
    int blocks,
    EncoderMetrics metrics) {}
