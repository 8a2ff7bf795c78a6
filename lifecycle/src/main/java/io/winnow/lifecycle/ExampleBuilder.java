package io.winnow.lifecycle;

import io.winnow.core.Seed;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Objectives.Objective;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.features.PointInTimeReplay;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.models.Interruption;
import io.winnow.models.ranker.HistorySpec;
import io.winnow.models.ranker.ItemFacts;
import io.winnow.models.ranker.RankingExamples;
import io.winnow.models.ranker.RequestHistory;
import io.winnow.retrieval.CandidateSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Plays the log up to each training request and does there what serving would have done: retrieve,
 * read features, assemble the ranker's inputs. So a training row is made by the code that makes a
 * serving row, from what the log held at that offset.
 *
 * <p>Requests are shared out to shards, each with a replay of its own, on as many threads. The same
 * log, seed and number of threads give the same rows. (Between numbers of threads, rows can differ
 * where serving itself allows it: a ranking that stands for a minute is counted when the first
 * request of that minute asks, and an item's vector when it is first met.)
 */
final class ExampleBuilder {
  /**
   * Rows beside the chosen item of a {@link TrainingRequest.Chosen}, drawn uniformly from all
   * candidates: were hard ones preferred, the ranker would learn that being a good candidate is a
   * bad sign.
   */
  private static final int NEGATIVES = 100;

  private static final Duration NO_LIMIT = Duration.ofMinutes(1);

  private final ApplicationDefinition application;
  private final Release release;
  private final boolean vectors;
  private final @Nullable HistorySpec history;
  private final Seed seed;
  private final int threads;

  /**
   * @param release retrieval models that have not seen the requests; its ranker is not used
   * @param vectors whether the examples carry query and item vectors
   * @param history how many of the user's newest events they carry; 0 for none
   */
  ExampleBuilder(
      ApplicationDefinition application,
      Release release,
      boolean vectors,
      int history,
      Seed seed,
      int threads) {
    this.application = application;
    this.release = release;
    this.vectors = vectors;
    this.history =
        history == 0
            ? null
            : new HistorySpec(List.copyOf(application.schema().events().keySet()), history);
    this.seed = seed;
    this.threads = threads;
  }

  /** One request's rows. */
  private record Group(
      int request,
      float[] inputs,
      int[] items,
      int[] positions,
      float[] labels,
      float[] query,
      List<ItemFacts> facts,
      RequestHistory history) {}

  /** One shard's rows, the names of their columns, and all items' vectors if they are wanted. */
  private record ShardResult(List<Group> groups, List<String> names, float[] itemVectors) {}

  /**
   * Builds the examples, oldest request first.
   *
   * @param records at least up to the last request's offset
   * @param requests in any order
   */
  RankingExamples build(RecordSource records, List<TrainingRequest> requests) {
    List<TrainingRequest> inOrder =
        requests.stream().sorted(Comparator.comparingLong(TrainingRequest::asOfOffset)).toList();
    List<ShardResult> shards =
        Shards.run(threads, shard -> runShard(records, inOrder, shard, threads));
    List<Group> groups = new ArrayList<>();
    for (ShardResult shard : shards) {
      groups.addAll(shard.groups());
    }
    groups.sort(Comparator.comparingInt(Group::request));
    ShardResult last =
        shards.stream()
            .max(
                Comparator.<ShardResult>comparingInt(shard -> shard.itemVectors().length)
                    .thenComparingInt(shard -> shard.names().size()))
            .orElseThrow();
    return concatenate(groups, last);
  }

  private ShardResult runShard(
      RecordSource records, List<TrainingRequest> requests, int shard, int shards) {
    List<TrainingRequest> mine = new ArrayList<>();
    for (int r = shard; r < requests.size(); r += shards) {
      mine.add(requests.get(r));
    }
    List<Group> groups = new ArrayList<>();
    ServingRelease[] serving = new ServingRelease[1];
    PointInTimeReplay.play(
        records,
        application,
        mine.stream().mapToLong(TrainingRequest::asOfOffset).toArray(),
        (index, reader) -> {
          if (serving[0] == null) {
            serving[0] = new ServingRelease(release, reader, new CallerRunsExecutor());
          }
          Interruption.check("examples");
          Group group = example(serving[0], mine.get(index), shard + index * shards);
          if (group != null) {
            groups.add(group);
          }
        });
    if (serving[0] == null) {
      return new ShardResult(groups, List.of(), new float[0]);
    }
    return new ShardResult(
        groups,
        serving[0].rankerInputs().names(),
        vectors ? serving[0].retrieval().allVectors() : new float[0]);
  }

  private @Nullable Group example(ServingRelease serving, TrainingRequest request, int r) {
    Moment moment = serving.moment(request.user(), Map.of(), _ -> true, request.timeMs());
    CandidateSet candidates = serving.retrieve(moment, NO_LIMIT);
    int[] rows;
    float[] labels;
    int[] positions;
    int heads = application.objectives().list().size();
    switch (request) {
      case TrainingRequest.Shown shown -> {
        TrainingRequest.Shown known = shown.keep(item -> serving.indexOf(item) >= 0);
        if (known.items().isEmpty()) {
          return null;
        }
        int[] items = known.items().stream().mapToInt(serving::indexOf).toArray();
        CandidateSet all = serving.retrieval().extend(moment, candidates, items);
        candidates = all;
        rows = IntStream.of(items).map(item -> BoundRetrieval.rowOf(all, item)).toArray();
        labels = known.labels();
        positions = known.positions();
      }
      case TrainingRequest.Chosen chosen -> {
        int target = BoundRetrieval.rowOf(candidates, serving.indexOf(chosen.item()));
        if (target < 0) {
          return null; // Retrieval missed it: no ranker could have shown it.
        }
        rows = withNegatives(candidates, target, seed.generator("negatives-" + r));
        labels = new float[rows.length * heads];
        System.arraycopy(chosen.labels(), 0, labels, 0, heads);
        positions = new int[rows.length];
        Arrays.fill(positions, -1);
      }
    }
    int[] items = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      items[i] = candidates.items()[rows[i]];
    }
    float[] inputs = serving.inputs(candidates, features(serving, moment, candidates, rows, items));
    int width = serving.rankerInputs().names().size();
    float[] kept = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(inputs, rows[i] * width, kept, i * width, width);
    }
    float[] query =
        serving.retrieval().rankerQuery(moment, vectors ? serving.retrieval().embeddingSize() : 0);
    return new Group(
        r,
        kept,
        items,
        positions,
        labels,
        query,
        history == null ? List.of() : serving.retrieval().facts().of(items),
        history == null ? RequestHistory.empty() : serving.history(history, moment));
  }

  /**
   * The features of the rows that are kept, at their places among all candidates; other rows are 0,
   * since nobody reads them: features cost far more to read than source scores.
   */
  private static FeatureRows features(
      ServingRelease serving, Moment moment, CandidateSet candidates, int[] rows, int[] items) {
    FeatureRows read = serving.features(moment, items);
    int columns = read.columns();
    float[] values = new float[candidates.size() * columns];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(read.values(), i * columns, values, rows[i] * columns, columns);
    }
    return new FeatureRows(read.asOfOffset(), columns, values);
  }

  /** The target first, then a uniform sample of the others. */
  private static int[] withNegatives(CandidateSet candidates, int target, RandomGenerator random) {
    int[] others = IntStream.range(0, candidates.size()).filter(row -> row != target).toArray();
    int kept = Math.min(NEGATIVES, others.length);
    for (int i = 0; i < kept; i++) {
      int j = random.nextInt(i, others.length);
      int swap = others[i];
      others[i] = others[j];
      others[j] = swap;
    }
    return IntStream.concat(IntStream.of(target), Arrays.stream(others, 0, kept)).toArray();
  }

  private RankingExamples concatenate(List<Group> groups, ShardResult shard) {
    int width = shard.names().size();
    int heads = application.objectives().list().size();
    int embedding = groups.isEmpty() ? 0 : groups.getFirst().query().length;
    int[] offsets = new int[groups.size() + 1];
    for (int g = 0; g < groups.size(); g++) {
      offsets[g + 1] = offsets[g] + groups.get(g).items().length;
    }
    int total = offsets[groups.size()];
    float[] inputs = new float[Math.multiplyExact(total, width)];
    float[] labels = new float[total * heads];
    float[] queries = new float[groups.size() * embedding];
    int[] items = new int[total];
    int[] positions = new int[total];
    for (int g = 0; g < groups.size(); g++) {
      Group group = groups.get(g);
      int at = offsets[g];
      System.arraycopy(group.inputs(), 0, inputs, at * width, group.inputs().length);
      System.arraycopy(group.labels(), 0, labels, at * heads, group.labels().length);
      System.arraycopy(group.items(), 0, items, at, group.items().length);
      System.arraycopy(group.positions(), 0, positions, at, group.positions().length);
      System.arraycopy(group.query(), 0, queries, g * embedding, embedding);
    }
    List<Objective> objectives = application.objectives().list();
    float[] weights = new float[objectives.size()];
    for (int t = 0; t < weights.length; t++) {
      weights[t] = (float) objectives.get(t).weight();
    }
    return new RankingExamples(
        shard.names(),
        inputs,
        offsets,
        embedding == 0
            ? RankingExamples.Embeddings.none()
            : new RankingExamples.Embeddings(embedding, queries, items, shard.itemVectors()),
        new RankingExamples.Outcomes(
            objectives.stream().map(Objective::name).toList(), weights, labels, positions),
        history == null ? null : histories(history, groups));
  }

  private static RankingExamples.History histories(HistorySpec spec, List<Group> groups) {
    List<ItemFacts> facts = groups.stream().flatMap(group -> group.facts().stream()).toList();
    return new RankingExamples.History(
        spec,
        groups.stream().map(Group::history).toList(),
        IntStream.range(0, facts.size()).toArray(),
        facts);
  }
}
