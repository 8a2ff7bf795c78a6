package io.winnow.lifecycle;

import io.winnow.core.AttributeValue;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.AttributeType;
import io.winnow.features.Catalog;
import io.winnow.features.FeatureReader;
import io.winnow.features.UserHistory;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.lifecycle.RequestStages.Reason;
import io.winnow.models.ItemScorer;
import io.winnow.models.TopK;
import io.winnow.models.encoder.QueryEncoder;
import io.winnow.models.encoder.TrainedEncoder;
import io.winnow.retrieval.CandidateMerger;
import io.winnow.retrieval.CandidateSet;
import io.winnow.retrieval.CandidateSource;
import io.winnow.retrieval.CandidateSource.Candidates;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import io.winnow.retrieval.CandidateSource.Query;
import io.winnow.retrieval.EmbeddingSource;
import io.winnow.retrieval.FreshSource;
import io.winnow.retrieval.HistorySource;
import io.winnow.retrieval.ScorerSource;
import io.winnow.retrieval.TrendingSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * The retrieval models of a release, re-indexed to a catalogue and joined with the sources that
 * live on the feature store.
 *
 * <p>Thread-safe. Items that training did not know get a vector from their attributes when they are
 * first met.
 */
final class BoundRetrieval {
  private static final long MINUTE_MS = 60_000;
  private static final int TRENDING_DAYS = 7;
  private static final int POPULAR_DAYS = 30;

  /** Fewer candidates than this are filled up with popular items. */
  private static final int CANDIDATES_MIN = 50;

  /**
   * How many of the items that were popular in training are kept for when nothing else is known.
   */
  private static final int FALLBACK_POOL = 2_000;

  private static final double HISTORY_HALF_LIFE_MS = 30.0 * 24 * 3_600_000;

  private final Catalog catalog;
  private final Map<String, ItemScorer> simpleModels;
  private final List<CandidateSource> sources;
  private final List<CandidateSource> lastResort;
  private final int[] popularInTraining;
  private final CandidateMerger merger;
  private final @Nullable BoundVectors vectors;
  private final @Nullable EmbeddingSource embeddings;
  private final @Nullable QueryEncoder encoder;
  private final @Nullable String title;
  private final BoundFacts facts;

  BoundRetrieval(Release release, FeatureReader reader, ExecutorService executor) {
    ApplicationDefinition application = release.definition();
    RetrievalModels models = release.models();
    this.catalog = reader.catalog();
    this.simpleModels = new LinkedHashMap<>();
    this.encoder = release.queryEncoder();
    this.title =
        application.schema().itemAttributes().entrySet().stream()
            .filter(entry -> entry.getValue() == AttributeType.TEXT)
            .map(Map.Entry::getKey)
            .findFirst()
            .orElse(null);
    int[] newIndex = models.vocabulary().stream().mapToInt(catalog::indexOf).toArray();
    // Not the catalogue's size: an item that training did not know has no score, as in training,
    // whether it came before the release was bound or after.
    int size = Arrays.stream(newIndex).max().orElse(-1) + 1;

    this.facts = new BoundFacts(catalog, application.schema(), this::vector);
    List<CandidateSource> all = new ArrayList<>();
    RetrievalModels.Deep deep = models.deep();
    if (deep == null) {
      this.vectors = null;
      this.embeddings = null;
    } else {
      TrainedEncoder trained = deep.encoder();
      this.embeddings = new EmbeddingSource("two_tower", deep.index().remap(newIndex));
      this.vectors =
          new BoundVectors(
              trained, models.tokenizer(), catalog, learned(models, newIndex), embeddings::put);
      all.add(embeddings);
    }
    RetrievalModels.Linear linear = models.linear();
    if (linear != null) {
      simpleModels.put("popularity", linear.popularity().remap(newIndex, size));
      simpleModels.put("transitions", linear.transitions().remap(newIndex, size));
      simpleModels.put("ease", linear.ease().remap(newIndex, size));
      simpleModels.put("ials", linear.ials().remap(newIndex, size));
      all.add(new ScorerSource("item_to_item", simpleModel("transitions")));
      all.add(new ScorerSource("ease", simpleModel("ease")));
      all.add(new ScorerSource("ials", simpleModel("ials")));
    }
    CandidateSource popular = new TrendingSource("popular", reader, POPULAR_DAYS, 10 * MINUTE_MS);
    CandidateSource fresh =
        new FreshSource(
            "fresh",
            catalog,
            FreshSource.timeAttribute(application.schema()).orElse(null),
            10 * MINUTE_MS);
    all.add(new TrendingSource("trending", reader, TRENDING_DAYS, MINUTE_MS));
    all.add(popular);
    all.add(fresh);
    all.add(new HistorySource("history", HISTORY_HALF_LIFE_MS));
    this.lastResort = List.of(popular, fresh);
    this.popularInTraining =
        linear == null ? new int[0] : byPopularity(simpleModel("popularity"), FALLBACK_POOL);
    this.merger = new CandidateMerger(application.policy().retrieval(), all, executor);
    this.sources = all.stream().filter(s -> merger.sources().contains(s.name())).toList();
  }

  private BoundRetrieval(BoundRetrieval other, CandidateMerger merger) {
    this.catalog = other.catalog;
    this.simpleModels = other.simpleModels;
    this.sources = other.sources;
    this.lastResort = other.lastResort;
    this.popularInTraining = other.popularInTraining;
    this.merger = merger;
    this.vectors = other.vectors;
    this.embeddings = other.embeddings;
    this.encoder = other.encoder;
    this.title = other.title;
    this.facts = other.facts;
  }

  /**
   * The same models, index and vectors under other quotas.
   *
   * @throws io.winnow.core.WinnowException naming each source that there is not
   */
  BoundRetrieval withQuotas(Map<String, Integer> changes) {
    return changes.isEmpty() ? this : new BoundRetrieval(this, merger.withQuotas(changes));
  }

  /** How many candidates a request has at most, popular ones that fill up aside. */
  int candidatesMax() {
    return merger.total();
  }

  /**
   * Where items are that the encoder learned something of. An item without an event was only ever a
   * wrong answer: its own embedding says that it is not chosen, so its tokens place it instead.
   */
  private int[] learned(RetrievalModels models, int[] newIndex) {
    RetrievalModels.Linear linear = models.linear();
    if (linear == null) {
      return newIndex;
    }
    float[] counts = new float[linear.popularity().itemCount()];
    linear.popularity().score(new int[0], new long[0], 0, counts);
    int[] learned = newIndex.clone();
    for (int row = 0; row < learned.length; row++) {
      if (learned[row] >= 0
          && counts[row] == 0
          && models.tokenizer().tokens(catalog.attributes(learned[row])).length > 0) {
        learned[row] = -1;
      }
    }
    return learned;
  }

  private static int[] byPopularity(ItemScorer popularity, int k) {
    float[] counts = new float[popularity.itemCount()];
    popularity.score(new int[0], new long[0], 0, counts);
    TopK best = new TopK(k);
    for (int item = 0; item < counts.length; item++) {
      if (counts[item] > 0) {
        best.offer(item, counts[item]);
      }
    }
    return best.drain().items();
  }

  private ItemScorer simpleModel(String name) {
    return Objects.requireNonNull(simpleModels.get(name));
  }

  /** The simple models by the name of their row, over catalogue indices. */
  Map<String, ItemScorer> simpleModels() {
    return simpleModels;
  }

  /** The sources' names, in the order of the score matrix's columns. */
  List<String> sourceNames() {
    return merger.sources();
  }

  /** E, or 0 without an encoder. */
  int embeddingSize() {
    return vectors == null ? 0 : vectors.embeddingSize();
  }

  /** Gives vectors to items that came since the last call. */
  void meetNewItems(long timeMs) {
    if (vectors != null) {
      vectors.meetNewItems(timeMs);
    }
  }

  /** An item's vector, shape (E), or null. Not to be changed. */
  float @Nullable [] vector(int item) {
    return vectors == null ? null : vectors.vector(item);
  }

  /** What the ranker compares of items and histories. */
  BoundFacts facts() {
    return facts;
  }

  /** The query encoder's output for these choices, or null if there is nothing to encode. */
  float @Nullable [] encode(UserHistory choices) {
    if (encoder == null || vectors == null) {
      return null;
    }
    int width = vectors.embeddingSize();
    int wanted = encoder.spec().maxLength();
    float[] newestFirst = new float[Math.min(wanted, choices.length()) * width];
    int found = 0;
    for (int i = choices.length() - 1; i >= 0 && found < wanted; i--) {
      float[] vector = vectors.vector(choices.items()[i]);
      if (vector != null) {
        System.arraycopy(vector, 0, newestFirst, found * width, width);
        found++;
      }
    }
    if (found == 0) {
      return null;
    }
    float[] history = new float[found * width];
    for (int i = 0; i < found; i++) {
      System.arraycopy(newestFirst, (found - 1 - i) * width, history, i * width, width);
    }
    return encoder.encode(history, found);
  }

  private static Query query(Moment moment, ItemFilter filter) {
    return new Query(moment.choices(), moment.userVector(), filter, moment.timeMs());
  }

  /** Asks the sources; where they know too little of the user or the time, adds popular items. */
  CandidateSet retrieve(Moment moment, Duration budget) {
    CandidateSet candidates = merger.retrieve(query(moment, moment.filter()), budget);
    return candidates.size() >= CANDIDATES_MIN
        ? candidates
        : extend(moment, candidates, popularItems(moment, moment.filter(), CANDIDATES_MIN));
  }

  /**
   * Each live or deep source alone, as catalogue indices, best first; the simple models have rows
   * of their own.
   */
  Map<String, int[]> retrieveEach(Moment moment, int k) {
    Map<String, int[]> lists = new LinkedHashMap<>();
    for (CandidateSource source : sources) {
      if (!(source instanceof ScorerSource)) {
        lists.put(source.name(), source.retrieve(query(moment, moment.filter()), k).items());
      }
    }
    return lists;
  }

  /** The same candidates and some more items, scored by every source. */
  CandidateSet extend(Moment moment, CandidateSet candidates, int[] more) {
    int[] added =
        Arrays.stream(more).distinct().filter(item -> rowOf(candidates, item) < 0).toArray();
    int s = candidates.sources().size();
    int size = candidates.size() + added.length;
    int[] items = Arrays.copyOf(candidates.items(), size);
    float[] scores = Arrays.copyOf(candidates.scores(), size * s);
    int[] ranks = Arrays.copyOf(candidates.ranks(), size * s);
    System.arraycopy(added, 0, items, candidates.size(), added.length);
    Arrays.fill(ranks, candidates.size() * s, size * s, -1);
    for (int source = 0; source < s; source++) {
      float[] column = sources.get(source).score(query(moment, moment.filter()), added);
      for (int i = 0; i < added.length; i++) {
        scores[(candidates.size() + i) * s + source] = column[i];
      }
    }
    return new CandidateSet(candidates.sources(), items, scores, ranks, candidates.missing());
  }

  /** The row of an item, or -1. */
  static int rowOf(CandidateSet candidates, int item) {
    for (int row = 0; row < candidates.size(); row++) {
      if (candidates.items()[row] == item) {
        return row;
      }
    }
    return -1;
  }

  /** Popular items, then new ones: quick, and empty only if the filter allows nothing. */
  CandidateSet lastResort(Moment moment, ItemFilter filter, int k) {
    int[] items = popularItems(moment, filter, k);
    float[] scores = new float[items.length * merger.sources().size()];
    Arrays.fill(scores, Float.NaN);
    int[] ranks = new int[scores.length];
    Arrays.fill(ranks, -1);
    return new CandidateSet(merger.sources(), items, scores, ranks, List.of());
  }

  /** What is popular now, then what was when the release was trained, then what is new. */
  private int[] popularItems(Moment moment, ItemFilter filter, int k) {
    Set<Integer> items = new LinkedHashSet<>();
    addAll(items, lastResort.getFirst().retrieve(query(moment, filter), k).items(), k);
    for (int item : popularInTraining) {
      if (items.size() < k && filter.allows(item)) {
        items.add(item);
      }
    }
    addAll(items, lastResort.getLast().retrieve(query(moment, filter), k).items(), k);
    return items.stream().mapToInt(Integer::intValue).toArray();
  }

  private static void addAll(Set<Integer> items, int[] more, int k) {
    for (int item : more) {
      if (items.size() < k) {
        items.add(item);
      }
    }
  }

  /** The nearest items by vector; by transitions where the item has none. */
  Candidates similar(int item, int k, ItemFilter filter, long timeMs) {
    ItemFilter others = other -> other != item && filter.allows(other);
    float[] vector = vector(item);
    if (vector != null && embeddings != null) {
      return embeddings.index().search(vector, k, others).candidates();
    }
    UserHistory only =
        new UserHistory(
            new int[] {item},
            new long[] {timeMs},
            new byte[1],
            new float[] {Float.NaN},
            List.of("similar"));
    Query query = new Query(only, null, others, timeMs);
    for (CandidateSource source : sources) {
      if (source instanceof ScorerSource) {
        Candidates found = source.retrieve(query, k);
        if (found.size() > 0) {
          return found;
        }
      }
    }
    return lastResort.getFirst().retrieve(query, k);
  }

  /** The query vector as the ranker wants it: zeros where there is none; empty for E = 0. */
  float[] rankerQuery(Moment moment, int embeddingSize) {
    float[] vector = moment.userVector();
    return vector != null && embeddingSize > 0 ? vector : new float[embeddingSize];
  }

  /** Item vectors as the ranker wants them, shape (C, E): zeros where an item has none. */
  float[] rankerItems(int[] items, int embeddingSize) {
    float[] rows = new float[Math.multiplyExact(items.length, embeddingSize)];
    for (int i = 0; embeddingSize > 0 && i < items.length; i++) {
      float[] vector = vector(items[i]);
      if (vector != null) {
        System.arraycopy(vector, 0, rows, i * embeddingSize, embeddingSize);
      }
    }
    return rows;
  }

  /** The vectors of all items, shape (N, E): zeros where an item has none. */
  float[] allVectors() {
    int[] all = new int[catalog.size()];
    Arrays.setAll(all, item -> item);
    return rankerItems(all, embeddingSize());
  }

  /** Which source ranked an item highest, in words. */
  Reason explain(Moment moment, CandidateSet candidates, int item) {
    int row = rowOf(candidates, item);
    String best = "popular";
    int bestRank = Integer.MAX_VALUE;
    for (int s = 0; row >= 0 && s < candidates.sources().size(); s++) {
      int rank = candidates.rank(row, s);
      if (rank >= 0 && rank < bestRank) {
        bestRank = rank;
        best = candidates.sources().get(s);
      }
    }
    return new Reason(best, text(best, moment));
  }

  private String text(String source, Moment moment) {
    return switch (source) {
      case "two_tower" -> "fits what you chose lately";
      case "item_to_item" -> "others chose it after " + lastChoice(moment);
      case "ease" -> "goes with what you chose";
      case "ials" -> "chosen by people with your taste";
      case "trending" -> "much chosen this week";
      case "fresh" -> "new";
      case "history" -> "you chose it before";
      default -> "popular";
    };
  }

  private String lastChoice(Moment moment) {
    int[] items = moment.choices().items();
    if (items.length == 0) {
      return "what you chose";
    }
    int last = items[items.length - 1];
    AttributeValue name = title == null ? null : catalog.attribute(last, title);
    return name instanceof AttributeValue.Text(String text)
        ? "'" + text + "'"
        : "'" + catalog.item(last) + "'";
  }
}
