package io.winnow.lifecycle;

import io.winnow.core.ItemId;
import io.winnow.models.encoder.TrainedEncoder;
import io.winnow.models.linear.Ease;
import io.winnow.models.linear.ImplicitAls;
import io.winnow.models.linear.Popularity;
import io.winnow.models.linear.Transitions;
import io.winnow.retrieval.PartitionedIndex;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The trained retrieval models of a release. Item indices of all of them are positions in {@code
 * vocabulary}.
 *
 * @param vocabulary the items that training knew, N
 * @param tokenizer turns a new item's attributes into the encoder's tokens
 * @param deep encoder, item vectors and index, or null in an untrained release
 * @param linear the linear models, or null in an untrained release
 */
record RetrievalModels(
    List<ItemId> vocabulary,
    ItemTokenizer tokenizer,
    @Nullable Deep deep,
    @Nullable Linear linear) {
  RetrievalModels {
    vocabulary = List.copyOf(vocabulary);
  }

  /** The query encoder with its item vectors, and the index over them. */
  record Deep(TrainedEncoder encoder, PartitionedIndex index) {}

  /** The linear-algebra models. */
  record Linear(Popularity popularity, Transitions transitions, Ease ease, ImplicitAls ials) {}
}
