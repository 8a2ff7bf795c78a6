package io.winnow.lifecycle.evaluation;

import io.winnow.features.FeatureReader;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.lifecycle.RequestStages.Ranked;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.evaluation.EvaluationTable.Kind;
import io.winnow.models.ItemScorer;
import io.winnow.ranking.reranking.Slate.Placed;
import io.winnow.retrieval.CandidateSet;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Lets every model answer one shard of the targets, in log order. Not thread-safe; shards are
 * joined afterwards.
 */
final class EvaluationRows {
  /** How deep sources are asked, the k of recall@500. */
  private static final int DEPTH = 500;

  /** The counts of the last week are recomputed when event time has moved this far. */
  private static final long REFRESH_MS = 60_000;

  private static final Duration NO_LIMIT = Duration.ofMinutes(1);

  private final ServingRelease serving;
  private final FeatureReader reader;
  private final Known known;
  private final Publications.Check published;
  private final ListMeasures measures;
  private final Map<String, ModelAnswers> rows = new LinkedHashMap<>();
  private final Map<String, ItemScorer> simpleModels;
  private final int[] allowedCounts;
  private final BitSet withoutHistory = new BitSet();
  private final BitSet newItems = new BitSet();
  private int newItemsUpTo;
  private int next;
  private float[] weekCounts = new float[0];
  private long weekCountedMs = -1;

  /**
   * @param targets how many this shard has
   */
  EvaluationRows(
      ServingRelease serving,
      FeatureReader reader,
      Known known,
      Publications publications,
      int targets) {
    this.serving = serving;
    this.reader = reader;
    this.known = known;
    this.published = publications.check(serving::item);
    this.simpleModels = serving.simpleModels();
    this.allowedCounts = new int[targets];
    ItemScorer popularity = popularityModel();
    float[] counts = new float[popularity.itemCount()];
    popularity.score(new int[0], new long[0], 0, counts);
    this.measures = new ListMeasures(reader.catalog(), counts, serving.itemAttributes());
  }

  /** The models' answers by the name of their row. */
  Map<String, ModelAnswers> rows() {
    return rows;
  }

  /** How many items were allowed, by target; 0 if the target was not among them. */
  int[] allowedCounts() {
    return allowedCounts;
  }

  /** The targets whose user had no choice before. */
  BitSet withoutHistory() {
    return withoutHistory;
  }

  /** How many items are known at the last target. */
  int catalogSize() {
    return reader.catalog().size();
  }

  /** How many places of lists were held against what was published. */
  long checkedPlaces() {
    return published.checked();
  }

  /** One target and what is the same for every model. */
  private record Question(
      Split.Target target, int item, Moment moment, BitMask allowed, int allowedCount) {
    boolean reachable() {
      return item >= 0 && allowed.get(item);
    }
  }

  /** Lets every model answer the shard's next target from the state just before it. */
  void add(Split.Target target) {
    Moment moment = serving.moment(target.user(), Map.of(), _ -> true, target.timeMs());
    int size = reader.catalog().size();
    meetNewItems(size);
    BitMask allowed = BitMask.of(moment.filter(), size);
    Question question =
        new Question(
            target,
            reader.catalog().indexOf(target.item()),
            moment,
            allowed,
            allowed.bits().cardinality());
    allowedCounts[next] = question.reachable() ? question.allowedCount() : 0;
    withoutHistory.set(next, moment.choices().length() == 0);
    measures.begin(moment.choices().items());

    float[] popularity = scores(popularityModel(), moment, size);
    for (Map.Entry<String, ItemScorer> model : simpleModels.entrySet()) {
      float[] scores =
          model.getKey().equals("popularity") ? popularity : scores(model.getValue(), moment, size);
      addScored(model.getKey(), scores, popularity, question);
    }
    addScored("popularity_7d", week(target.timeMs(), size), popularity, question);
    serving
        .retrieveEach(moment, DEPTH)
        .forEach((source, items) -> addList(source, Kind.SOURCE, items, question));

    CandidateSet candidates = serving.retrieve(moment, NO_LIMIT);
    addList("candidates", Kind.SOURCE, candidates.items(), question);
    Ranked ranked = serving.rank(moment, candidates);
    int[] order = ranked.items();
    addList("ranker", Kind.RANKER, order, question);
    addList("pipeline", Kind.PIPELINE, pipeline(moment, ranked, order), question);
    next++;
  }

  private void meetNewItems(int size) {
    for (; newItemsUpTo < size; newItemsUpTo++) {
      newItems.set(newItemsUpTo, !known.items().contains(reader.catalog().item(newItemsUpTo)));
    }
  }

  /** The slate, then what the ranking had left over. */
  private int[] pipeline(Moment moment, Ranked ranked, int[] order) {
    Set<Integer> list = new LinkedHashSet<>();
    for (Placed placed :
        serving.rerankWithoutExploration(moment, ranked, RankMetrics.TOP).placed()) {
      list.add(placed.item());
    }
    for (int item : order) {
      list.add(item);
    }
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  private ItemScorer popularityModel() {
    return Objects.requireNonNull(simpleModels.get("popularity"), "release without linear models");
  }

  private static float[] scores(ItemScorer model, Moment moment, int size) {
    float[] known = new float[model.itemCount()];
    model.score(moment.choices().items(), moment.choices().timesMs(), moment.timeMs(), known);
    return known.length == size ? known : Arrays.copyOf(known, size);
  }

  private float[] week(long timeMs, int size) {
    if (weekCountedMs < 0 || Math.abs(timeMs - weekCountedMs) >= REFRESH_MS) {
      weekCounts = reader.itemCounts(7, timeMs);
      weekCountedMs = timeMs;
    }
    return weekCounts.length >= size ? weekCounts : Arrays.copyOf(weekCounts, size);
  }

  private void addScored(String model, float[] scores, float[] popularity, Question question) {
    int[] top = FullRanking.top(RankMetrics.TOP, scores, popularity, question.allowed());
    int rank =
        question.reachable()
            ? FullRanking.rank(question.item(), scores, popularity, question.allowed())
            : -1;
    add(model, Kind.SIMPLE, rank, question.allowedCount(), top, question);
  }

  private void addList(String model, Kind kind, int[] items, Question question) {
    int rank = -1;
    for (int i = 0; i < items.length && rank < 0; i++) {
      rank = items[i] == question.item() ? i : -1;
    }
    add(model, kind, rank, items.length, items, question);
  }

  /**
   * @param listed how many items the model put in order
   * @param items at least the first of them
   */
  private void add(String model, Kind kind, int rank, int listed, int[] items, Question question) {
    published.require(model, items, question.target());
    ModelAnswers row =
        rows.computeIfAbsent(model, _ -> new ModelAnswers(kind, allowedCounts.length));
    row.set(
        next,
        rank,
        Placements.Listed.percentile(rank, listed, question.allowedCount(), question.reachable()));
    int n = Math.min(RankMetrics.TOP, items.length);
    for (int i = 0; i < n; i++) {
      row.expose(items[i], newItems.get(items[i]));
    }
    measures.measure(items, n, row.measures(), next);
  }

  /** Which items are allowed, asked once a request and item. */
  record BitMask(BitSet bits) {
    static BitMask of(ItemFilter filter, int size) {
      BitSet bits = new BitSet(size);
      for (int item = 0; item < size; item++) {
        bits.set(item, filter.allows(item));
      }
      return new BitMask(bits);
    }

    boolean get(int item) {
      return bits.get(item);
    }
  }
}
