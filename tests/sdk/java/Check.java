// A client made by openapi-generator for Java. Bytes are byte arrays.

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.JSON;
import org.openapitools.client.api.FetchApi;
import org.openapitools.client.api.StoreApi;
import org.openapitools.client.model.*;

public class Check {
  static void check(boolean holds, String feature, Object got) {
    if (!holds) {
      System.err.println(feature + ": " + got);
      System.exit(1);
    }
    System.out.println("ok " + feature);
  }

  public static void main(String[] arguments) throws Exception {
    ApiClient client = new ApiClient();
    client.setBasePath(System.getenv("URL"));

    byte[] hello = "hello".getBytes(StandardCharsets.UTF_8);
    Payload reply = new FetchApi(client).fetchCapitalize(new Payload().id(7).data(hello));
    check(reply.getId() == 7 && new String(reply.getData(), StandardCharsets.UTF_8).equals("HELLO"), "capitalize", reply);

    StoreApi store = new StoreApi(client);
    OffsetDateTime made = OffsetDateTime.parse("2024-02-29T12:00:00Z");
    byte[] picture = {(byte) 0xff, (byte) 0xef};
    Item item = store.storePutItem("a b", new StorePutItemBody()
        .serial("9007199254740993").picture(picture).color(Color.DEEP_BLUE)
        .stock(Map.of("here", "9007199254740993")).made(made)
        .team(new Team().name("us").members(4294967295L)).parts(List.of(new Item().id("part"))));
    BigInteger serial = new BigInteger(item.getSerial());
    check(serial.equals(BigInteger.valueOf(9007199254740993L)) && item.getId().equals("a b"), "int64", item);
    check(Arrays.equals(item.getPicture(), picture), "bytes", item);
    check(item.getColor() == Color.DEEP_BLUE, "enum", item);
    check(item.getTeam().getMembers() == 4294967295L && item.getPerson() == null, "oneof", item);
    check(item.getStock().get("here").equals("9007199254740993"), "map", item);
    check(item.getMade().isEqual(made), "timestamp", item);

    Item asked = store.storeGetItem("x", null, null, Color.RED, made, null, "t", null, 1.5);
    check(asked.getColor() == Color.RED && asked.getTeam().getName().equals("t") && asked.getWeight() == 1.5
        && asked.getMade().isEqual(made), "query", asked);

    try {
      store.storeFail("x", null, null, null, null, null, null, null, null);
      check(false, "error", "none");
    } catch (ApiException failure) {
      Status status = JSON.getGson().fromJson(failure.getResponseBody(), Status.class);
      check(failure.getCode() == 404 && status.getCode() == 5
          && status.getDetails().get(0).getAtType().endsWith("google.rpc.ErrorInfo"), "error", status);
    }
    // It knows no streams.
    System.out.println("lacks stream");
    System.exit(0);
  }
}
