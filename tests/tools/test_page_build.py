"""How the page is made of its sources."""

import gzip
import re

import page
import pytest

KB = 1024
STYLE = "/* big */ p { color: red; }"
INDEX = """<html>
<style>{{css}}</style>
<script src="/static/app.js?v={{app}}" data-more="/static/more.js?v={{more}}"></script>
</html>
"""


def sources(folder, **scripts):
    """A folder of sources; `scripts` are texts by "app_1" and the like."""
    (folder / "style.css").write_text(STYLE)
    (folder / "index.html").write_text(INDEX)
    for part in page.SCRIPTS:
        (folder / part).mkdir()
    for name, text in scripts.items():
        part, _, number = name.partition("_")
        (folder / part / f"{number}.js").write_text(f'"use strict";\n{text}\n')
    return folder


def text_of(files, name):
    return gzip.decompress(files[name + ".gz"]).decode()


@pytest.fixture(scope="module")
def built():
    """The page's own files."""
    return page.build(page.SOURCES)


def test_parts_are_joined_in_the_order_of_their_names(tmp_path):
    files = page.build(sources(tmp_path, app_2="second();", app_1="first();", more_1="third();"))
    assert text_of(files, "app.js") == '"use strict";first();second();'
    assert text_of(files, "more.js") == '"use strict";third();'


def test_shell_holds_the_style_and_the_versions_of_the_scripts(tmp_path):
    files = page.build(sources(tmp_path, app_1="a();", more_1="b();"))
    versions = dict(line.split() for line in files["versions"].decode().splitlines())
    shell = text_of(files, "index.html")
    assert "<style>p{color:red}</style>" in shell
    assert f"/static/app.js?v={versions['app.js']}" in shell
    assert f"/static/more.js?v={versions['more.js']}" in shell
    assert versions["app.js"] != versions["more.js"]


def test_the_same_sources_give_the_same_bytes(built):
    assert page.build(page.SOURCES) == built


def test_name_that_two_scripts_declare_is_refused(tmp_path):
    folder = sources(tmp_path, app_1="const one = 1;", more_2="async function one() {}")
    with pytest.raises(page.PageError, match=r"2\.js declares one, which 1\.js has already"):
        page.build(folder)


def test_names_within_functions_may_be_the_same(tmp_path):
    inner = "  const one = 1;"
    page.build(sources(tmp_path, app_1=f"function a() {{\n{inner}\n}}", more_2=f"{{\n{inner}\n}}"))


@pytest.mark.parametrize(
    "script, short",
    [
        ("a( 1 ) ; // gone", "a(1);"),
        ("a(/* gone */ b);", "a(b);"),
        ("f(`two  blanks`);", "f(`two  blanks`);"),
        ("f(`a ${ b ( 1 ) } c`) ;", "f(`a ${b(1)} c`);"),
        ("f(`a ${b ? `c ${ d }  e` : 1} f`);", "f(`a ${b?`c ${d}  e`:1} f`);"),
        ("f(`${ { a: { b } }.a }  x`);", "f(`${{a:{b}}.a}  x`);"),
        ("f((a) + `  b`);", "f((a)+`  b`);"),
        ("f(`a`, (b));", "f(`a`,(b));"),
        (r"f(`a \` \${ b`) ;", r"f(`a \` \${ b`);"),
        ("f(`// kept`) ;", "f(`// kept`);"),
        ("""f("`  ", '`  ') ;""", """f("`  ",'`  ');"""),
        (r"""f(/[`"']  \//g , 1) ;""", r"""f(/[`"']  \//g,1);"""),
        ("f(a / b, `  `, c / d);", "f(a/b,`  `,c/d);"),
    ],
)
def test_scripts_get_smaller_but_what_they_show_does_not_change(script, short):
    assert page.minified(script) == short


def test_template_literal_without_end_is_refused():
    with pytest.raises(page.PageError, match="does not end"):
        page.minified("f(`a ${b} c")


def test_page_is_light(built):
    sizes = {name: len(data) for name, data in built.items() if name.endswith(".gz")}
    assert sorted(sizes) == ["app.js.gz", "index.html.gz", "more.js.gz"]
    assert sum(sizes.values()) <= 40 * KB, sizes
    assert sizes["index.html.gz"] + sizes["app.js.gz"] <= 15 * KB, sizes


@pytest.mark.parametrize("name", ["index.html", "app.js", "more.js"])
def test_page_asks_no_other_host_and_makes_no_code(built, name):
    text = text_of(built, name)
    loaded = re.findall(r"(?:fetch|import|EventSource|Worker)\((?:[`\"'])([^`\"']*)", text)
    assert all(place.startswith("/api/v1/") for place in loaded), loaded
    assert not re.search(
        r"\beval\(|new Function\(|innerHTML|outerHTML|insertAdjacentHTML|document\.write", text
    )
    assert not re.search(r"(?:src|href|action|data-more)=[\"']?(?:https?:)?//", text)
    assert "url(" not in text and "@import" not in text
