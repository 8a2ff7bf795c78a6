package io.winnow.models.encoder;

/**
 * How a training went.
 *
 * @param epochs how many were made
 * @param loss the last epoch's mean training loss
 * @param heldOutUsers how many users' last events were held out
 * @param ndcg10 NDCG@10 on those, against all items but those the user had; NaN if none were held
 *     out
 */
public record EncoderMetrics(int epochs, double loss, int heldOutUsers, double ndcg10) {}
