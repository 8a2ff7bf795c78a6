package io.winnow.lifecycle;

import io.winnow.core.ItemId;
import io.winnow.models.encoder.TrainedEncoder;
import io.winnow.models.linear.Ease;
import io.winnow.models.linear.ImplicitAls;
import io.winnow.models.linear.Popularity;
import io.winnow.models.linear.Transitions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The trained retrieval models of a release. Item indices of all of them are positions in {@code vocabulary}.
 *
 * @param vocabulary the items that training knew, N
 * @param tokenizer turns a new item's attributes into the encoder's tokens
 * @param encoder query encoder and item vectors, or null where there was too little data
 * @param linear the linear models, or null in an untrained release
 */
record RetrievalModels(
    List<ItemId> vocabulary,
    ItemTokenizer tokenizer,
    @Nullable TrainedEncoder encoder,
    @Nullable Linear linear) {
  RetrievalModels {
    vocabulary = List.copyOf(vocabulary);
  }

  /** The linear-algebra models. */
  record Linear(Popularity popularity, Transitions transitions, Ease ease, ImplicitAls ials) {}
}
