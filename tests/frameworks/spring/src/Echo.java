package echo;

import jakarta.servlet.http.HttpServletRequest;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.servlet.context.ServletWebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Says what Spring has parsed of a request. The port is a line `port N`. */
@SpringBootApplication
@RestController
public class Echo {
  public static void main(String[] args) {
    SpringApplication app = new SpringApplication(Echo.class);
    app.setDefaultProperties(
        Map.of(
            "server.port", "0",
            "server.address", "127.0.0.1",
            "spring.main.banner-mode", "off",
            "logging.level.root", "error",
            "spring.mvc.hiddenmethod.filter.enabled", "true",
            "spring.main.lazy-initialization", "true"));
    app.run(args);
  }

  @EventListener
  public void ready(ServletWebServerInitializedEvent event) {
    System.out.println("port " + event.getWebServer().getPort());
  }

  private Map<String, Object> told(HttpServletRequest request, Map<String, ?> fields) {
    Map<String, Object> query = new LinkedHashMap<>();
    String said = request.getQueryString();
    for (String name : request.getParameterMap().keySet()) {
      if (said != null && !fields.containsKey(name)) {
        String[] values = request.getParameterValues(name);
        query.put(name, name.equals("tags") ? values : values[0]);
      }
    }
    Map<String, Object> made = new LinkedHashMap<>();
    made.put("method", request.getMethod());
    made.put("fields", fields);
    made.put("query", query);
    made.put("locale", request.getHeader("x-locale"));
    return made;
  }

  @RequestMapping(path = "/things/{id}", consumes = "application/json")
  public Map<String, Object> json(
      @PathVariable("id") String id, @RequestBody Map<String, Object> body, HttpServletRequest request) {
    return told(request, body);
  }

  @RequestMapping(
      path = "/things/{id}",
      consumes = {"application/x-www-form-urlencoded", "multipart/form-data"})
  public Map<String, Object> form(
      @PathVariable("id") String id,
      @RequestParam MultiValueMap<String, String> form,
      HttpServletRequest request) {
    return told(request, form.toSingleValueMap());
  }

  @RequestMapping(path = "/things/{id}")
  public Map<String, Object> bare(@PathVariable("id") String id, HttpServletRequest request) {
    return told(request, Map.of());
  }
}
