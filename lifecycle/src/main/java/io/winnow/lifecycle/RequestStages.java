package io.winnow.lifecycle;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import io.winnow.core.UserId;
import io.winnow.core.application.Experiment.Settings;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.features.UserHistory;
import io.winnow.ranking.reranking.Slate;
import io.winnow.ranking.reranking.Slate.Placed;
import io.winnow.retrieval.CandidateSet;
import io.winnow.retrieval.CandidateSource.Candidates;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What the request path asks of a release: its stages, and for each what stands in when it is late
 * or fails. Items are catalogue indices. Thread-safe.
 *
 * <p>What stands in ({@link #strangerMoment}, {@link #popular}, {@link #anything}, {@link
 * #unranked}, {@link Ranked#first}) is quick and reads nothing that could be what failed.
 */
public interface RequestStages {
  /**
   * What a request is about, read once at its beginning.
   *
   * @param history all that the user did
   * @param choices the part of it that models see
   * @param userVector the query encoder's output, or null where there is no encoder or no history
   * @param filter which items may be recommended now: available ones that neither the request nor
   *     the application's exclusions rule out, and that the user has not had if items do not repeat
   * @param rules the part of the filter that always holds: availability and the request's own rules
   */
  record Moment(
      UserId user,
      UserHistory history,
      UserHistory choices,
      float @Nullable [] userVector,
      Map<String, String> context,
      ItemFilter filter,
      ItemFilter rules,
      long timeMs) {}

  /**
   * Candidates in the order of their scores.
   *
   * @param candidates where they came from
   * @param order rows of {@code candidates}, best first, shape (C)
   * @param scores of the candidates in that order, shape (C)
   * @param features the store's values by row of {@code candidates}, or null if ranking was
   *     degraded
   */
  record Ranked(
      CandidateSet candidates, int[] order, float[] scores, @Nullable FeatureRows features) {
    /** Catalogue indices, best first, shape (C). */
    public int[] items() {
      return IntStream.of(order).map(row -> candidates.items()[row]).toArray();
    }

    /** The log offset at which features were read; 0 if they were not. */
    public long asOfOffset() {
      return features == null ? 0 : features.asOfOffset();
    }

    /** The store's values that an item was ranked by, shape (F); empty if ranking was degraded. */
    public float[] storeFeatures(int item) {
      if (features == null) {
        return new float[0];
      }
      return features.row(BoundRetrieval.rowOf(candidates, item));
    }

    /** The first n as they are. */
    public List<Placed> first(int n) {
      List<Placed> placed = new ArrayList<>();
      for (int i = 0; i < Math.min(n, order.length); i++) {
        placed.add(new Placed(candidates.items()[order[i]], i, scores[i], 1, Slate.Reason.RANKED));
      }
      return placed;
    }
  }

  /**
   * Why an item is in a slate.
   *
   * @param source the source that ranked it highest, or {@code exploration}
   * @param text for people
   */
  record Reason(String source, String text) {}

  /** The release's version. */
  String version();

  /** Why what is known about some users may be old; empty if it is current. */
  default Optional<String> trouble() {
    return Optional.empty();
  }

  /** Whether it holds trained models; without, only the sources on the feature store answer. */
  boolean trained();

  /**
   * The same release with other settings, sharing all that is large: quick to make.
   *
   * @param settings of an arm; its release is null or this one
   * @throws io.winnow.core.WinnowException with {@code INVALID_ARGUMENT} and every setting that
   *     this release cannot follow, such as a source that it does not have
   */
  RequestStages with(Settings settings);

  /**
   * A user's attributes now; empty if none were put.
   *
   * @throws io.winnow.core.WinnowException with {@code UNAVAILABLE} if they are not known now
   */
  Map<String, AttributeValue> userAttributes(UserId user);

  /** Identifies the names of the logged feature values. */
  long schemaHash();

  /** The item at an index. */
  ItemId item(int index);

  /** The index of an item, or -1. */
  int indexOf(ItemId item);

  /**
   * Checks that items can be filtered by these attributes.
   *
   * @throws io.winnow.core.WinnowException with {@code INVALID_ARGUMENT} and every attribute that
   *     the application of this release does not have, or not with categories
   */
  void checkFilters(Map<String, String> filters);

  /**
   * Allows items that have every given category in the catalogue of now, whatever attributes the
   * release was made with: none, where the catalogue does not have the attribute.
   */
  ItemFilter attributeFilter(Map<String, String> filters);

  /** Context: reads the user's history and encodes it. */
  Moment moment(UserId user, Map<String, String> context, ItemFilter requestRules, long timeMs);

  /** The moment of a user of whom nothing is known, or can be read in time. */
  Moment strangerMoment(
      UserId user, Map<String, String> context, ItemFilter requestRules, long timeMs);

  /**
   * Retrieval: asks every source for its quota and merges.
   *
   * @param budget a source that needs longer is left out and named in the answer
   */
  CandidateSet retrieve(Moment moment, Duration budget);

  /** Popular items, then new ones, under the moment's filter. */
  CandidateSet popular(Moment moment);

  /** The same under the moment's rules alone: empty only if nothing is available. */
  CandidateSet anything(Moment moment);

  /** Ranking: reads the candidates' features at one offset and orders them by their scores. */
  Ranked rank(Moment moment, CandidateSet candidates);

  /** The candidates in the order of retrieval, scored by descending place. */
  Ranked unranked(CandidateSet candidates);

  /**
   * Re-ranking: applies exclusions, caps, diversity and exploration.
   *
   * @param seed of the request, for exploration
   */
  Slate rerank(Moment moment, Ranked ranked, int n, long seed);

  /** Why an item stands in the slate. */
  Reason explain(Moment moment, Ranked ranked, Placed placed);

  /** The items most similar to one, itself excluded. */
  Candidates similar(int item, int n, long timeMs);
}
